"""Takes README.md's picture of a report, in two columns: python docs/report.py results/iterate (needs Chromium, Pillow)."""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT, SHOWN = 1280, 2560, 800

page = Path(sys.argv[1]).resolve() / "report.html"
with tempfile.TemporaryDirectory() as folder:
    shot = Path(folder) / "page.png"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=3000"]
    subprocess.run(["chromium", *options, f"--screenshot={shot}", f"--window-size={WIDTH},{2 * HEIGHT}", f"file://{page}"], check=True)
    whole = Image.open(shot).convert("RGB")
columns = [whole.crop((0, top, WIDTH, top + HEIGHT)) for top in (0, HEIGHT)]
picture = Image.new("RGB", (2 * SHOWN, SHOWN * HEIGHT // WIDTH), "white")
for place, column in enumerate(columns):
    picture.paste(column.resize((SHOWN, picture.height), Image.Resampling.LANCZOS), (place * SHOWN, 0))
picture.quantize(256, dither=Image.Dither.NONE).save(Path(__file__).parent / "report.png", optimize=True)
