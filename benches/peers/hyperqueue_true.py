"""Seconds that HyperQueue takes for so many runs of `true`: server and worker are up, nothing is recorded.

    hyperqueue_true.py RUNS WORKERS FOLDER

It is driven through its Python package, which holds the real server and worker. The end is told by one more task that
depends on all others, because waiting for a job looks only once a second.
"""

import contextlib
import json
import os
import sys
import time

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig

runs, workers, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
mark = os.path.join(folder, "done")

with contextlib.redirect_stdout(sys.stderr), LocalCluster() as cluster:
    cluster.start_worker(WorkerConfig(cores=workers))
    client = cluster.client()
    silent = {"stdout": None, "stderr": None, "cwd": folder}
    warm = Job()
    warm.program(["true"], **silent)
    client.wait_for_jobs([client.submit(warm)])
    job = Job()
    tasks = [job.program(["true"], **silent) for _ in range(runs)]
    job.program(["touch", mark], deps=tasks, **silent)
    start = time.time()
    client.wait_for_jobs([client.submit(job)])
    taken = os.stat(mark).st_ctime - start
print(json.dumps(taken))
