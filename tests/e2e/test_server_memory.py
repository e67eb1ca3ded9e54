"""An idle server is small, also with a large store and after large answers."""

import contextlib
import re
import sqlite3

import models
import pytest
import requests
from conftest import make_run, start_server, user_env, wait_for

API = "/api/2.0/mlflow/"
POINTS = 300_000

RUNS = 40_000


def memory_mb(live, what="VmRSS"):
    with open(f"/proc/{live.process.pid}/status") as status:
        return int(re.search(rf"^{what}:\s+(\d+)", status.read(), re.M)[1]) / 1024


@pytest.fixture
def unsanitized(mlean):
    binary = mlean.read_bytes()
    if b"__asan" in binary or b"__tsan" in binary:
        pytest.skip("sanitizers keep what is freed")


def fill(root, sql, count):
    with contextlib.closing(sqlite3.connect(root / ".mlean/mlean.db", timeout=30)) as database, database:
        database.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) " + sql, (count,))


def test_a_long_history_is_never_held(tmp_path, server, unsanitized):
    with server(tmp_path) as live:
        run_id = live.post(API + "runs/create", json={"experiment_id": "0"}).json()["run"]["info"]["run_id"]
        live.post(API + "runs/log-metric", json={"run_id": run_id, "key": "long", "value": 0, "timestamp": 1, "step": 0})
        fill(tmp_path, "INSERT INTO metrics SELECT run, key, i, i, i / 7.0, 0 FROM latest_metrics, n", POINTS - 1)
        # Points that differ in their value alone, where one piece ends.
        fill(tmp_path, "INSERT INTO metrics SELECT run, key, 25000, 25000, i, i > 1999 FROM latest_metrics, n", 2000)

        def ask(**limits):
            return live.get(API + "metrics/get-history", params={"run_id": run_id, "metric_key": "long"} | limits)

        before = memory_mb(live)
        answer = ask()
        assert memory_mb(live, "VmHWM") < before + 60, "all of it, some 125 MB, was held"
        points = answer.json()["metrics"]
        assert len(points) == POINTS + 2000 and points[0] == {"key": "long", "value": 0.0, "timestamp": 1, "step": 0}
        assert [point["timestamp"] for point in points] == sorted(point["timestamp"] for point in points)
        assert sum(point["value"] == "NaN" for point in points) == 1

        pages, token = [], ""
        for limit in (60_000, 25_000, 1, 99_999, 1_000_000):
            page = ask(max_results=limit, page_token=token).json()
            pages += page["metrics"]
            token = page.get("next_page_token", "")
            assert len(page["metrics"]) == limit or not token
        assert pages == points and token == ""
        assert ask(max_results=POINTS + 2000).json() == {"metrics": points}


def test_the_memory_of_a_large_answer_is_given_back(tmp_path, server, unsanitized):
    with server(tmp_path) as live:
        fill(tmp_path, "INSERT INTO runs(run_id, experiment, name, user_id, status, start_time, end_time, artifact_uri) "
                       "SELECT printf('%032x', i), 0, 'run ' || i, 'ann', 3, i, i, 'mlflow-artifacts:/0/' || i FROM n", RUNS)  # fmt: skip
        idle = memory_mb(live)
        answer = live.post(API + "runs/search", json={"experiment_ids": ["0"], "max_results": RUNS})
        assert len(answer.json()["runs"]) == RUNS and memory_mb(live, "VmHWM") > idle + 60
        wait_for(lambda: memory_mb(live) < idle + 40, 20, "most of the memory of the answer being given back")


HOSTILE = {
    "small values": b'{"x":[' + b"1," * (16 << 20),
    "lists": b'{"x":[' + b"[]," * (11 << 20),
    "objects": b'{"x":[' + b"{}," * (11 << 20),
    "members": b'{"x":{' + b",".join(b'"%x":1' % i for i in range(3 << 20)),
    "nested members": b'{"x":[' + b'{"a":{}},' * (3 << 20),
    "one long text": b'{"run_id":"' + b"x" * (32 << 20),
    "one long wrong value": b'{"run_id":["' + b"\\u0001" * (5 << 20),
    "one key twice": b'{"x":1,' * (4 << 20),
    "a body in a text": b'"{\\"x\\":[' + b"1," * (16 << 20),
}
ENDS = {"one long text": b'"}', "one long wrong value": b'"]}', "a body in a text": b']}"', "members": b"}}"}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_costs_little(tmp_path, server, unsanitized, name):
    """Of the largest size that is read at all."""
    end = ENDS.get(name, b"1]}")
    body = HOSTILE[name][: (32 << 20) - len(end)]
    body = body[: body.rindex(b",")] if name == "members" else body
    with server(tmp_path) as live:
        reply = live.post(API + "runs/log-batch", data=body + end, headers={"Content-Type": "application/json"})
        assert reply.status_code in (400, 404), reply.text[:200]
        assert memory_mb(live, "VmHWM") < 200
        assert live.get("/health").status_code == 200


def test_the_largest_batches_are_read(tmp_path, server):
    with server(tmp_path) as live:
        run_id = live.post(API + "runs/create", json={"experiment_id": "0"}).json()["run"]["info"]["run_id"]
        metrics = [{"key": f"m{i}", "value": i, "timestamp": i, "step": i, "model_id": "", "dataset_name": "d", "dataset_digest": "e"} for i in range(1000)]
        assert live.post(API + "runs/log-batch", json={"run_id": run_id, "metrics": metrics}).status_code == 200
        pairs = [{"key": f"k{i}", "value": "v" * 6000} for i in range(100)]
        assert live.post(API + "runs/log-batch", json={"run_id": run_id, "params": pairs, "tags": pairs}).status_code == 200
        one = {"tags": [{"key": f"t{i}", "value": "v"} for i in range(10)]}
        datasets = [one | {"dataset": {"name": f"d{i}", "digest": f"{i}", "source_type": "local", "source": "s", "schema": "{}"}} for i in range(1000)]
        assert live.post(API + "runs/log-inputs", json={"run_id": run_id, "datasets": datasets}).status_code == 200
        ids = [str(i) for i in range(100_000)]
        assert live.post(API + "runs/search", json={"experiment_ids": ids, "max_results": 1}).status_code == 200


# Bodies of the largest size that each route reads, full of what costs the most memory for a byte.
SMALL_VALUES = {
    "predict": ("/predict/bare", 16 << 20, b"[", {"numbers": b"0,", "lists": b"[0],", "objects": b'{"":0},', "rows": b"{},"}, 422),
    "infer": ("/v2/models/bare/infer", 64 << 20, b'{"inputs":[{"name":"input","datatype":"FP32","shape":[9,9],"data":[',
              {"numbers": b"0,", "lists": b"[0],", "objects": b'{"":0},'}, 413),
    "labels": ("/api/mlean/v1/models/bare/labels", 64 << 20, b"[", {"numbers": b"0,", "labels": b'{"id":"a","label":1},'}, 400),
    "turns": ("/api/mlean/v1/turns", 64 << 20, b'{"model":[', {"numbers": b"0,", "objects": b'{"":0},'}, 413),
}  # fmt: skip


@pytest.fixture(scope="module")
def scored(mlean, tmp_path_factory):
    root, env = tmp_path_factory.mktemp("scored"), user_env(mlean, tmp_path_factory.mktemp("home"))
    models.make(root, make_run(mlean, env))

    def start():
        return start_server(mlean, env, tmp_path_factory.mktemp("server") / "stderr", root)

    return start


@pytest.mark.parametrize("route, what", [(route, what) for route, (*_, pieces, _) in SMALL_VALUES.items() for what in pieces])
def test_small_values_cost_little(scored, unsanitized, route, what):
    path, size, head, pieces, status = SMALL_VALUES[route]
    with scored() as live:
        before = memory_mb(live)
        body = head + pieces[what] * ((size - len(head)) // len(pieces[what]))
        reply = requests.post(live.url + path, data=body, headers={"Content-Type": "application/json"}, timeout=300)
        assert reply.status_code in (status, 413), reply.text[:200]
        assert memory_mb(live, "VmHWM") < before + 3 * (size >> 20) + 200, reply.text[:200]
        assert live.get("/health").status_code == 200
        if reply.status_code == 413:
            assert 'mlean_http_refused_total{reason="content_too_large"} 1' in live.get("/metrics").text


def test_large_batches_are_answered(scored):
    with scored() as live:
        row = {f"f{i}": i / 10 for i in range(50)}
        answer = live.post("/predict/bare", json=[row] * 10_000)
        assert answer.status_code == 200 and len(answer.json()) == 10_000
        tensor = {"name": "input", "datatype": "FP32", "shape": [125_000, 4], "data": [0.5] * 500_000}
        answer = live.post("/v2/models/bare/infer", json={"inputs": [tensor]})
        assert answer.status_code == 200 and len(answer.json()["outputs"][0]["data"]) == 125_000
        labels = [{"id": f"p{i}", "label": i % 2} for i in range(100_000)]
        assert live.post("/api/mlean/v1/models/bare/labels", json=labels).json() == {"added": 100_000, "changed": 0, "same": 0}
