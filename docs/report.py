"""Takes README.md's picture of a report, in two columns: python docs/report.py results/skip_vs_noskip (needs Chromium, Pillow)."""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

WIDTH, SHOWN = 1280, 800
# Tops and bottoms of the columns: up to the curves; costs and pictures.
COLUMNS = [(0, 1530), (1540, 2950)]

page = Path(sys.argv[1]).resolve() / "report.html"
with tempfile.TemporaryDirectory() as folder:
    shot = Path(folder) / "page.png"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=3000"]
    subprocess.run(["chromium", *options, f"--screenshot={shot}", f"--window-size={WIDTH},{COLUMNS[-1][1]}", f"file://{page}"], check=True)
    whole = Image.open(shot).convert("RGB")
scale = SHOWN / WIDTH
tallest = max(bottom - top for top, bottom in COLUMNS)
picture = Image.new("RGB", (len(COLUMNS) * SHOWN, round(tallest * scale)), whole.getpixel((0, 0)))
for place, (top, bottom) in enumerate(COLUMNS):
    column = whole.crop((0, top, WIDTH, bottom))
    picture.paste(column.resize((SHOWN, round((bottom - top) * scale)), Image.Resampling.LANCZOS), (place * SHOWN, 0))
picture.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(Path(__file__).parent / "report.png", optimize=True)
