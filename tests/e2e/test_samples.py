"""Databases of earlier schemas (tests/samples) open, and say what they said when they were made."""

import gzip
import json
import pathlib
import shutil
import sys

import pytest

SAMPLES = pathlib.Path(__file__).resolve().parents[1] / "samples"
sys.path.insert(0, str(SAMPLES))
import make_sample  # noqa: E402

FOLDERS = sorted(SAMPLES.glob("schema-*"))


def test_there_are_samples():
    assert FOLDERS


@pytest.mark.parametrize("sample", FOLDERS, ids=lambda folder: folder.name)
def test_sample_opens(sample, tmp_path, run, server):
    state = tmp_path / ".mlean"
    (state / "artifacts").mkdir(parents=True)
    (state / "mlean.db").write_bytes(gzip.decompress((sample / "mlean.db.gz").read_bytes()))
    shutil.copytree(sample / "blobs", state / "artifacts/blobs")
    told = json.loads((sample / "answers.json").read_text())
    with server(tmp_path) as live:
        assert make_sample.everything(live.url) == told
        run_id = next(key.split()[1] for key, value in told.items() if key.startswith("files") and value.get("files"))
        assert live.get(f"/get-artifact?run_uuid={run_id}&path=notes/a.txt").content == b"kept"
        # It can be written to.
        made = live.post("/api/2.0/mlflow/runs/create", json={"experiment_id": "1", "run_name": "new"}).json()
        assert made["run"]["info"]["run_name"] == "new"
    listed = json.loads(run("runs", "list", "--json", cwd=tmp_path).stdout)
    assert {one["name"] for one in listed} == {"a run", "new"}
