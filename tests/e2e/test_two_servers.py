"""Two servers on one project, as while one takes the place of the other: nothing is lost, nothing is sent twice."""

import collections
import concurrent.futures
import http.server
import json
import os
import threading

import pytest
import requests
from conftest import start_server, wait_for

API = "/api/2.0/mlflow/"
WRITES = 60


@pytest.fixture
def receiver():
    """Takes webhooks; `.ids` counts how often each came."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.server.ids[self.headers["X-MLflow-Delivery-Id"]] += 1
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.ids = collections.Counter()
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield listening
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def start(mlean, env, tmp_path, tmp_path_factory):
    open_ones = {"MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true"}
    return lambda: start_server(mlean, env | open_ones, tmp_path_factory.mktemp("server") / "stderr", tmp_path)


def told_url(root):
    return json.loads((root / ".mlean/server.json").read_text())["url"] if (root / ".mlean/server.json").exists() else None


def test_writes_at_both_are_kept_once_and_told_once(start, tmp_path, receiver):
    with start() as one, start() as other:
        both = (one, other)
        url = f"http://127.0.0.1:{receiver.server_port}/"
        hook = {"name": "w", "url": url, "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]}
        assert one.post(API + "webhooks", json=hook).status_code == 200
        run_id = one.post(API + "runs/create", json={"experiment_id": "0"}).json()["run"]["info"]["run_id"]

        def write(number):
            live = both[number % 2]
            point = {"run_id": run_id, "key": "k", "value": number, "timestamp": number, "step": number}
            assert live.post(API + "runs/log-metric", json=point).status_code == 200
            assert live.post(API + "registered-models/create", json={"name": f"m{number}"}).status_code == 200
            artifact = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/{number}"
            assert requests.put(live.url + artifact, data=os.urandom(10) + b"x" * 300_000 * (number % 3), timeout=30).status_code == 200
            assert both[1 - number % 2].get(artifact).status_code == 200  # at once, at the other one too

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(WRITES)))
        for live in both:
            points = live.get(API + "metrics/get-history", params={"run_id": run_id, "metric_key": "k"}).json()["metrics"]
            assert sorted(point["step"] for point in points) == list(range(WRITES))
        wait_for(lambda: len(receiver.ids) >= WRITES, what="every webhook")
    assert len(receiver.ids) == WRITES and set(receiver.ids.values()) == {1}


def test_a_server_that_starts_leaves_the_uploads_of_another(start, tmp_path):
    uploads = tmp_path / ".mlean/artifacts/uploads"
    with start() as one:
        (tmp_path / ".mlean/server.json").unlink()  # of the server that ended last
        (uploads / "body-under-way").write_bytes(b"half")
        with start():
            assert (uploads / "body-under-way").exists()
        assert one.get("/health").status_code == 200
    with start():
        assert not (uploads / "body-under-way").exists()


@pytest.mark.parametrize("first_to_end", ["older", "newer"])
def test_the_one_that_stays_is_found(start, tmp_path, first_to_end):
    older, newer = start(), start()
    servers = {"older": older.__enter__(), "newer": newer.__enter__()}
    assert told_url(tmp_path) == servers["newer"].url
    ends, stays = (older, newer) if first_to_end == "older" else (newer, older)
    left = servers["newer" if first_to_end == "older" else "older"]
    ends.__exit__(None, None, None)
    wait_for(lambda: told_url(tmp_path) == left.url, 10, "the one that stays being named")
    stays.__exit__(None, None, None)
    assert told_url(tmp_path) is None
