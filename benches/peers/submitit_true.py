"""Seconds that submitit's local executor takes for so many runs of `true`, so many at a time.

    submitit_true.py RUNS WORKERS FOLDER
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from submitit import LocalExecutor
from submitit.helpers import CommandFunction

runs, workers, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
executor = LocalExecutor(folder)
start = time.perf_counter()
with ThreadPoolExecutor(workers) as pool:
    list(pool.map(lambda _: executor.submit(CommandFunction(["true"], verbose=False)).result(), range(runs)))
print(json.dumps(time.perf_counter() - start))
