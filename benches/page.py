"""How long a report takes to open in headless Chromium: python benches/page.py REPORT.html … (median of five visits).

Opened: since navigation, the page is loaded, its scripts have drawn everything once, and it is laid out."""

import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TOLD = "addEventListener('load', () => { document.body.offsetHeight; document.title = 'OPENED ' + Math.round(performance.now()); })"


def visit(html):
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(html)
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile", "--dump-dom"]
        dom = subprocess.run(["chromium", *options, f"file://{page}"], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"<title>OPENED (\d+)", dom)[1])


for path in sys.argv[1:]:
    html = Path(path).read_text()
    told = re.sub(r"script-src [^;]*;", "script-src 'unsafe-inline';", html, count=1).replace("</body>", f"<script>{TOLD}</script></body>")
    times = [visit(told) for _ in range(5)]
    print(f"{path}: {len(html.encode()) / 1e6:.1f} MB, {statistics.median(times)} ms ({min(times)} to {max(times)})")
