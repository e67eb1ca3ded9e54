"""A full disk, played by a limit on the size of files that the server writes: writes are refused with the cause and in a way that
clients do not repeat, reads go on, and when there is room again everything goes on."""

import os
import resource
import signal

import pytest
import requests

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/"
REPEATED = {408, 425, 429, 500, 502, 503, 504}  # what MLflow's clients repeat for minutes
NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture
def live(server, tmp_path):
    def ignore():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails instead

    with server(tmp_path, preexec_fn=ignore, restore_signals=False) as live:
        live.run_id = live.post(API + "runs/create", json={"experiment_id": "0"}).json()["run"]["info"]["run_id"]
        assert log(live, "kept", 1).status_code == 200
        assert put(live, "kept", b"kept").status_code == 200
        yield live


def log(live, key, value):
    return live.post(API + "runs/log-metric", json={"run_id": live.run_id, "key": key, "value": value, "timestamp": 1, "step": 0})


def put(live, name, data):
    return requests.put(f"{live.url}{ARTIFACTS}0/{live.run_id}/artifacts/{name}", data=data, timeout=30)


def fill(live):
    """No file of the server grows any further."""
    resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))


def test_writes_are_refused_with_the_cause(live):
    fill(live)
    tags = [{"key": f"t{i}", "value": "x" * 5000} for i in range(100)]
    refused = {
        "one metric": lambda: log(live, "lost", 1),
        "a batch": lambda: live.post(API + "runs/log-batch", json={"run_id": live.run_id, "tags": tags}),
        "a run": lambda: live.post(API + "runs/create", json={"experiment_id": "0"}),
        "a model": lambda: live.post(API + "registered-models/create", json={"name": "m"}),
        "a small artifact": lambda: put(live, "small", b"x" * 1000),
        "a large artifact": lambda: put(live, "large", os.urandom(3 << 20)),
        "one in chunks": lambda: put(live, "chunks", iter([b"x" * (1 << 20)] * 3)),
    }
    for name, write in refused.items():
        reply = write()
        assert reply.status_code == 507 and reply.status_code not in REPEATED, (name, reply.status_code, reply.text)
        told = reply.json()
        assert told["error_code"] == "IO_ERROR", (name, told)
        assert any(cause in told["message"] for cause in ("must not grow", "File too large")), (name, told)
    info = live.get(API + "runs/get", params={"run_id": live.run_id}).json()["run"]
    assert [metric["key"] for metric in info["data"]["metrics"]] == ["kept"]
    assert live.get(ARTIFACTS + f"0/{live.run_id}/artifacts/kept").content == b"kept"
    assert live.post(API + "runs/search", json={"experiment_ids": ["0"]}).json()["runs"][0]["info"]["run_id"] == live.run_id
    assert live.get("/health").status_code == 200
    uploads = live.root / ".mlean/artifacts/uploads"
    assert list(uploads.iterdir()) == []

    resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE, NO_LIMIT)
    assert all(write().status_code == 200 for write in refused.values())
