"""Makes a sample of the present schema: a small project's .mlean, and what the program says of it.

    MLEAN_BIN=build/release/mlean .deps/python/bin/python tests/samples/make_sample.py tests/samples/schema-N

Done once for each schema that is released; samples are never made again. tests/e2e/test_samples.py opens all of them.
"""

import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import requests

API = "/api/2.0/mlflow"
READS = [
    ("POST", f"{API}/experiments/search", {"view_type": "ALL", "max_results": 100}),
    ("POST", f"{API}/runs/search", {"experiment_ids": ["0", "1", "2"], "run_view_type": "ALL", "max_results": 100}),
    ("GET", f"{API}/registered-models/search", {}),
    ("GET", f"{API}/model-versions/search", {"filter": "name='churn'"}),
    ("POST", f"{API}/logged-models/search", {"experiment_ids": ["0", "1", "2"]}),
    ("GET", "/api/2.0/mlflow-artifacts/artifacts", {"path": "1"}),
    ("GET", f"{API}/webhooks", {}),
    ("GET", "/api/mlean/v1/audit/verify", {}),
]


def ask(url, method, path, body):
    reply = requests.request(method, url + path, timeout=30, **({"params": body} if method == "GET" else {"json": body}))
    assert reply.status_code == 200, (method, path, reply.text)
    return reply.json()


def everything(url):
    """The answers to READS, and the history and file of each run."""
    out = {f"{method} {path}": ask(url, method, path, body) for method, path, body in READS}
    for run in out[f"POST {API}/runs/search"].get("runs", []):
        run_id = run["info"]["run_id"]
        out[f"history {run_id}"] = ask(url, "GET", f"{API}/metrics/get-history", {"run_id": run_id, "metric_key": "loss"})
        out[f"files {run_id}"] = ask(url, "GET", f"{API}/artifacts/list", {"run_id": run_id, "path": ""})
    return out


def fill(url):
    def post(path, **body):
        return ask(url, "POST", API + path, body)

    first = post("/experiments/create", name="first", tags=[{"key": "team", "value": "données"}])["experiment_id"]
    gone = post("/experiments/create", name="gone")["experiment_id"]
    run_id = post("/runs/create", experiment_id=first, start_time=1_700_000_000_000, run_name="a run", user_id="ann")["run"]["info"]["run_id"]
    points = [{"key": "loss", "value": v, "timestamp": 1_700_000_000_000 + i, "step": i} for i, v in enumerate([1.5, "NaN", "Infinity", 0.25])]
    post("/runs/log-batch", run_id=run_id, metrics=points, params=[{"key": "lr", "value": "0.1"}], tags=[{"key": "note", "value": "größer 🎈"}])
    dataset = {"name": "table", "digest": "d1", "source_type": "local", "source": "{}", "schema": "{}"}
    post("/runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "train"}]}])
    model = post("/logged-models", experiment_id=first, name="tree", source_run_id=run_id, params=[{"key": "depth", "value": "3"}])
    post("/runs/outputs", run_id=run_id, models=[{"model_id": model["model"]["info"]["model_id"], "step": 1}])
    requests.put(f"{url}/api/2.0/mlflow-artifacts/artifacts/{first}/{run_id}/artifacts/notes/a.txt", data=b"kept").raise_for_status()
    post("/runs/update", run_id=run_id, status="FINISHED", end_time=1_700_000_001_000)
    dropped = post("/runs/create", experiment_id=gone, start_time=1_700_000_000_500, run_name="dropped")["run"]["info"]["run_id"]
    post("/runs/delete", run_id=dropped)
    post("/experiments/delete", experiment_id=gone)
    post("/registered-models/create", name="churn", description="who leaves", tags=[{"key": "k", "value": "v"}])
    for i in range(2):
        post("/model-versions/create", name="churn", source=f"mlflow-artifacts:/{first}/{run_id}/artifacts/notes", run_id=run_id,
             tags=[{"key": "i", "value": str(i)}])  # fmt: skip
    post("/registered-models/alias", name="churn", alias="prod", version="2")


def main(folder):
    folder.mkdir()
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        server = subprocess.Popen(
            [os.environ["MLEAN_BIN"], "server", "--root", str(root), "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True
        )
        try:
            url = server.stdout.readline().rsplit(" at ", 1)[1].strip()
            fill(url)
            told = everything(url)
        finally:
            server.terminate()
            server.wait(30)
        (folder / "answers.json").write_text(json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
        (folder / "mlean.db.gz").write_bytes(gzip.compress((root / ".mlean/mlean.db").read_bytes(), 9, mtime=0))
        shutil.copytree(root / ".mlean/artifacts/blobs", folder / "blobs")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
