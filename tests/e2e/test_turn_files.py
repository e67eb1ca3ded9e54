"""The files that a turn keeps: in the one store of artifacts, once on the disk, also those of releases that kept them apart."""

import hashlib
import json
import pathlib

import pytest
import projects

ROW = {"carrier": "AA", "hour": 7, "distance": 500.0}
API = "/api/2.0/mlflow/"


def the_run(live, experiment="small"):
    found = live.get(API + "experiments/get-by-name", params={"experiment_name": experiment}).json()["experiment"]["experiment_id"]
    (run,) = live.post(API + "runs/search", json={"experiment_ids": [found]}).json()["runs"]
    return run["info"]


def listed(live, run, path=""):
    answer = live.get(API + "artifacts/list", params={"run_id": run["run_id"], "path": path})
    assert answer.status_code == 200, answer.text
    return sorted(one["path"] for one in answer.json().get("files", []))


def fetched(live, run, path):
    answer = live.get("/get-artifact", params={"run_id": run["run_id"], "path": path})
    assert answer.status_code == 200, answer.text
    return answer.content


def test_a_turn_keeps_its_files_once(tmp_path, run, server):
    root = projects.make(tmp_path)
    run("loop", "run", cwd=root)
    model = (root / "late.ubj").read_bytes()
    kept = [file for file in (root / ".mlean").rglob("*") if file.is_file() and file.read_bytes() == model]
    assert len(kept) == 2 and len({file.stat().st_ino for file in kept}) == 1
    assert not (root / ".mlean/artifacts/runs").exists() or not any((root / ".mlean/artifacts/runs").iterdir())
    with server(root) as live:
        assert listed(live, the_run(live)) == ["dvc.lock", "evaluation.json", "metrics.json", "model", "params.yaml"]
        assert fetched(live, the_run(live), "model/late.ubj") == model
        # Deleted for good, the run's files go; what serves stays.
        run_id = the_run(live)["run_id"]
        assert live.post(API + "runs/delete", json={"run_id": run_id}).status_code == 200
        gone = json.loads(run("runs", "gc", "--json", cwd=root).stdout)
        assert "version 1" in json.dumps(gone)  # the version refers to it
        assert live.post("/predict/late", json=ROW).status_code == 200
    assert run("audit", "verify", cwd=root)


def test_files_of_older_releases_are_taken_into_the_store(tmp_path, run, server):
    root = projects.make(tmp_path)
    run("loop", "run", cwd=root)
    with server(root) as live:
        info = the_run(live)
    waiting = root / ".mlean/artifacts/runs" / info["run_id"] / "artifacts"
    (waiting / "sub").mkdir(parents=True)
    (waiting / "old.txt").write_text("kept apart")
    (waiting / "sub/copy.ubj").write_bytes((root / "late.ubj").read_bytes())
    under_way = root / ".mlean/artifacts/runs" / ("0" * 32) / "artifacts"
    under_way.mkdir(parents=True)
    (under_way / "a").write_text("of a turn that is at it")
    with server(root) as live:
        assert "old.txt" in listed(live, info) and listed(live, info, "sub") == ["sub/copy.ubj"]
        assert fetched(live, info, "old.txt") == b"kept apart"
        assert not waiting.exists() and (under_way / "a").exists()
    digest = hashlib.sha256((root / "late.ubj").read_bytes()).hexdigest()
    assert (root / ".mlean/artifacts/blobs" / digest[:2] / digest).exists()


@pytest.mark.parametrize("place", ["file", "s3"])
def test_an_experiment_that_keeps_its_files_elsewhere(tmp_path, run, server, place):
    (tmp_path / "root").mkdir()
    root = projects.make(tmp_path / "root")
    location = f"file://{tmp_path}/place" if place == "file" else "s3://bucket/place"
    run("experiment", "create", "small", "--artifact-location", location, cwd=root)
    run("loop", "run", cwd=root)
    with server(root) as live:
        info = the_run(live)
        assert info["artifact_uri"] == f"{location}/{info['run_id']}/artifacts"
        assert live.post("/predict/late", json=ROW).status_code == 200
        if place == "file":
            assert listed(live, info, "model") == ["model/MLmodel", "model/late.ubj", "model/python_env.yaml", "model/requirements.txt"]
            return
    waiting = root / ".mlean/artifacts/runs" / info["run_id"] / "artifacts"
    assert pathlib.Path(waiting / "model/late.ubj").read_bytes() == (root / "late.ubj").read_bytes()
