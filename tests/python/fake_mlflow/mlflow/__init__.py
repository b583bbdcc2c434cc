"""Stands for MLflow's client: keeps what it is told, prints it as JSON at the end. Signatures as in MLflow 3."""

import atexit
import json
import os
import types

TOLD = {"experiments": [], "runs": {}}


class MlflowClient:
    def __init__(self, tracking_uri=None):
        TOLD["uri"] = tracking_uri
        atexit.register(self._say)

    def _say(self):
        with open(os.environ["FAKE_MLFLOW"], "w") as file:
            json.dump(TOLD, file)

    def get_experiment_by_name(self, name):
        return None

    def create_experiment(self, name):
        TOLD["experiments"].append(name)
        return "1"

    def set_experiment_tag(self, experiment_id, key, value):
        TOLD[key] = value

    def search_runs(self, experiment_ids, filter_string=""):
        # The fake has one whole run from before, and half a run.
        before = {"0": "FINISHED", "1": "RUNNING"}
        for number, id in enumerate(os.environ["FAKE_MLFLOW_HAS"].split(",")):
            if f"'{id}'" in filter_string:
                return [types.SimpleNamespace(info=types.SimpleNamespace(status=before[str(number)], run_id=f"old-{number}"))]
        return []

    def delete_run(self, run_id):
        TOLD["deleted"] = run_id

    def create_run(self, experiment_id, start_time=None, tags=None, run_name=None):
        assert all(isinstance(value, str) for value in tags.values())
        run_id = str(len(TOLD["runs"]))
        TOLD["runs"][run_id] = {"name": run_name, "start": start_time, "tags": tags, "params": {}, "metrics": [], "images": []}
        return types.SimpleNamespace(info=types.SimpleNamespace(run_id=run_id))

    def log_batch(self, run_id, metrics=(), params=()):
        assert len(metrics) <= 1000 and len(params) <= 100
        TOLD["runs"][run_id]["metrics"] += [[m.key, m.value, m.timestamp, m.step] for m in metrics]
        TOLD["runs"][run_id]["params"].update({p.key: p.value for p in params})

    def log_image(self, run_id, image, key=None, step=None, timestamp=None):
        TOLD["runs"][run_id]["images"].append([key, step, list(image.shape), int(image.sum())])

    def set_terminated(self, run_id, status=None, end_time=None):
        TOLD["runs"][run_id].update(status=status, end=end_time)
