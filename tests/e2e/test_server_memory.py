"""An idle server is small, also with a large store and after large answers."""

import contextlib
import re
import sqlite3

import pytest
from conftest import wait_for

API = "/api/2.0/mlflow/"
POINTS = 300_000


def resident_mb(live):
    with open(f"/proc/{live.process.pid}/status") as status:
        return int(re.search(r"^VmRSS:\s+(\d+)", status.read(), re.M)[1]) / 1024


def test_the_memory_of_a_large_answer_is_given_back(tmp_path, server, mlean):
    with server(tmp_path) as live:
        if b"__asan" in mlean.read_bytes() or b"__tsan" in mlean.read_bytes():
            pytest.skip("sanitizers keep what is freed")
        run_id = live.post(API + "runs/create", json={"experiment_id": "0"}).json()["run"]["info"]["run_id"]
        live.post(API + "runs/log-metric", json={"run_id": run_id, "key": "long", "value": 0, "timestamp": 1, "step": 0})
        with contextlib.closing(sqlite3.connect(tmp_path / ".mlean/mlean.db", timeout=30)) as database, database:
            database.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO metrics SELECT run, key, i, i, i / 7.0, 0 FROM latest_metrics, n",
                (POINTS - 1,),
            )
        idle = resident_mb(live)
        answer = live.get(API + "metrics/get-history", params={"run_id": run_id, "metric_key": "long"})
        assert len(answer.json()["metrics"]) == POINTS
        wait_for(lambda: resident_mb(live) < idle + 60, 20, "most of the memory of the answer, some 125 MB, being given back")
