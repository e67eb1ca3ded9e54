"""The largest filters that are allowed: answered right, and their time grows with their size, not with its square."""

import time

import pytest
import requests

SEARCH = "/api/2.0/mlflow/runs/search"
MOST, MOST_IN_ALL = 10_000, 50_000


@pytest.fixture
def ask(server, tmp_path):
    with server(tmp_path) as live:
        made = [requests.post(live.url + "/api/2.0/mlflow/runs/create", json={"experiment_id": "0", "run_name": f"r{i}"}, timeout=30) for i in range(3)]
        ids = [reply.json()["run"]["info"]["run_id"] for reply in made]

        def search(filter_string):
            start = time.perf_counter()
            reply = requests.post(live.url + SEARCH, json={"experiment_ids": ["0"], "filter": filter_string}, timeout=120)
            return reply, time.perf_counter() - start

        yield search, ids


def in_list(word, values, count):
    """`count` values in all, the first ones `values`."""
    return f"{word} IN (" + ",".join(f"'{value}'" for value in [*values, *(f"no{i:030d}" for i in range(count - len(values)))]) + ")"


def test_the_largest_filter_is_answered(ask):
    search, ids = ask
    largest = " AND ".join([in_list("run_id", ids[:2], MOST), *[in_list("attributes.run_name", ["r0", "r2"], MOST)] * (MOST_IN_ALL // MOST - 1)])
    reply, _ = search(largest)
    assert [run["info"]["run_id"] for run in reply.json()["runs"]] == [ids[0]]
    reply, _ = search(largest + " AND run_id IN ('x')")
    assert (reply.status_code, reply.json()["message"]) == (400, f"cannot parse filter: more than {MOST_IN_ALL} values in its lists")


def test_time_grows_with_the_size(ask):
    search, ids = ask
    one = in_list("run_id", ids, MOST)
    five = " AND ".join([one] * 5)
    short = min(search(one)[1] for _ in range(5))
    long = min(search(five)[1] for _ in range(5))
    assert long < short * 12, (short, long)  # 25 times, were each value compared with all before it
