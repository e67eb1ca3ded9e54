"""MLflow's webhooks over the wire: what a receiver gets, when it fails, and when the server is killed in between."""

import base64
import hashlib
import hmac
import http.server
import json
import socket
import threading
import time

import models
import pytest
import requests
from conftest import wait_for

SECRET = "s3cret"
ALL = ["registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted",
       "model_version_alias.created", "model_version_alias.deleted"]  # fmt: skip


class Receiver:
    """Keeps what is posted to it; answers with `answers`, then 200."""

    def __init__(self, port=0, answers=()):
        self.got, self.answers = [], list(answers)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers), body))
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                self.end_headers()
                self.wfile.write(b"thanks")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def events(self):
        return [(body["entity"] + "." + body["action"], body["data"]) for body in (json.loads(raw) for _, raw in self.got)]


def assert_signed(headers, body, secret=SECRET):
    signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["X-MLflow-Signature"] == "v1," + expected
    assert headers["Content-Type"] == "application/json"


@pytest.fixture
def env(env):
    """Webhooks may go to this machine."""
    env |= {"MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true"}
    return env


def ask(live, path, body, method="POST", status=200):
    reply = requests.request(method, live.url + "/api/2.0/mlflow/" + path, json=body, timeout=30)
    assert reply.status_code == status, reply.text
    return reply.json()


def hook(live, url, events=ALL, **more):
    parts = [dict(zip(("entity", "action"), event.upper().split("."))) for event in events]
    return ask(live, "webhooks", {"name": "w", "url": url, "events": parts, "secret": SECRET} | more)["webhook"]["webhook_id"]


def test_every_change_is_delivered_signed_whoever_makes_it(server, run, tmp_path):
    with server(tmp_path) as live, Receiver() as receiver:
        hook(live, receiver.url)
        began = time.monotonic()
        ask(live, "registered-models/create", {"name": "m", "tags": [{"key": "a", "value": "b"}]})
        wait_for(lambda: receiver.got, 10, "the first delivery")
        assert time.monotonic() - began < 2  # a tenth of a second, on a machine that has time
        ask(live, "model-versions/create", {"name": "m", "source": "s3://b/1", "description": "d"})
        ask(live, "model-versions/set-tag", {"name": "m", "version": "1", "key": "k", "value": "v"})
        ask(live, "model-versions/delete-tag", {"name": "m", "version": "1", "key": "k"}, "DELETE")
        ask(live, "registered-models/alias", {"name": "m", "alias": "best", "version": "1"})
        ask(live, "registered-models/alias", {"name": "m", "alias": "best", "version": "1"})  # changes nothing
        ask(live, "registered-models/alias", {"name": "m", "alias": "best"}, "DELETE")
        ask(live, "registered-models/set-tag", {"name": "m", "key": "unheard", "value": "of"})
        wait_for(lambda: len(receiver.got) == 6, 10, "six deliveries")
        assert sorted(receiver.events(), key=str) == sorted([
            ("registered_model.created", {"name": "m", "tags": {"a": "b"}, "description": ""}),
            ("model_version.created", {"name": "m", "version": "1", "source": "s3://b/1", "run_id": None, "tags": {}, "description": "d"}),
            ("model_version_tag.set", {"name": "m", "version": "1", "key": "k", "value": "v"}),
            ("model_version_tag.deleted", {"name": "m", "version": "1", "key": "k"}),
            ("model_version_alias.created", {"name": "m", "alias": "best", "version": "1"}),
            ("model_version_alias.deleted", {"name": "m", "alias": "best"}),
        ], key=str)  # fmt: skip
        models.bare(tmp_path / "bare.ubj")
        run("models", "register", "bare", "bare.ubj", cwd=tmp_path)
        run("models", "promote", "bare", "1", cwd=tmp_path)
        wait_for(lambda: len(receiver.got) == 9, 10, "the verbs' three")
        verbs = dict(receiver.events()[6:])
        assert verbs["registered_model.created"]["name"] == "bare"
        assert verbs["model_version.created"]["version"] == "1"
        assert verbs["model_version_alias.created"] == {"name": "bare", "alias": "champion", "version": "1"}
        for headers, body in receiver.got:
            assert_signed(headers, body)
        assert len({headers["X-MLflow-Delivery-Id"] for headers, _ in receiver.got}) == 9


def test_prompts_have_events_of_their_own(server, tmp_path):
    prompt = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    events = ["prompt.created", "prompt_version.created", "prompt_tag.set", "prompt_tag.deleted", "prompt_version_tag.set", "prompt_alias.created"]
    with server(tmp_path) as live, Receiver() as receiver:
        hook(live, receiver.url, [*ALL, *events])
        ask(live, "registered-models/create", {"name": "p", "tags": [prompt, {"key": "a", "value": "b"}]})
        text = {"key": "mlflow.prompt.text", "value": "Hello"}
        ask(live, "model-versions/create", {"name": "p", "source": "dummy-source", "tags": [prompt, text]})
        ask(live, "registered-models/set-tag", {"name": "p", "key": "k", "value": "v"})
        ask(live, "registered-models/delete-tag", {"name": "p", "key": "k"}, "DELETE")
        ask(live, "model-versions/set-tag", {"name": "p", "version": "1", "key": "k", "value": "v"})
        ask(live, "registered-models/alias", {"name": "p", "alias": "best", "version": "1"})
        wait_for(lambda: len(receiver.got) == 6, 10, "six deliveries")
        seen = dict(receiver.events())
        assert sorted(seen) == sorted(events)
        assert seen["prompt.created"] == {"name": "p", "tags": {"a": "b"}, "description": ""}
        assert seen["prompt_version.created"] == {"name": "p", "version": "1", "template": "Hello", "tags": {}, "description": None}


def test_a_failing_receiver_gets_it_again_and_a_hanging_one_holds_up_nobody(server, tmp_path):
    silent = socket.create_server(("127.0.0.1", 0))  # takes connections and never answers
    with server(tmp_path) as live, Receiver(answers=[503, 429]) as receiver, silent:
        hook(live, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        hook(live, receiver.url)
        ask(live, "registered-models/create", {"name": "m"})
        wait_for(lambda: len(receiver.got) == 3, 20, "the third attempt")
        assert len({headers["X-MLflow-Delivery-Id"] for headers, _ in receiver.got}) == 1
        for headers, body in receiver.got:
            assert_signed(headers, body)


def test_a_change_that_was_acknowledged_is_delivered_after_kill_9(server, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with server(tmp_path) as live:
        hook(live, f"http://127.0.0.1:{port}/hook")
        ask(live, "registered-models/create", {"name": "m"})
        live.kill()
    with Receiver(port) as receiver, server(tmp_path) as live:
        # A sender killed in the middle of an attempt leaves a lease of a minute.
        wait_for(lambda: receiver.got, 90, "the delivery")
        assert receiver.events() == [("registered_model.created", {"name": "m", "tags": {}, "description": ""})]
        assert_signed(*receiver.got[0])
        assert ask(live, "registered-models/get", None, "GET", 400)  # it is alive: a request without a name


def test_disabled_and_deleted_ones_hear_nothing_and_the_secret_is_never_shown(server, tmp_path):
    with server(tmp_path) as live, Receiver() as receiver:
        disabled = hook(live, receiver.url, status="DISABLED")
        gone = hook(live, receiver.url)
        ask(live, "webhooks/" + gone, None, "DELETE")
        heard = hook(live, receiver.url, description="kept")
        ask(live, "registered-models/create", {"name": "m"})
        wait_for(lambda: receiver.got, 10, "the one delivery")
        ask(live, "webhooks/" + disabled, {"status": "ACTIVE"}, "PATCH")
        ask(live, "webhooks/" + heard, {"secret": "", "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]}, "PATCH")
        ask(live, "registered-models/create", {"name": "m2"})
        wait_for(lambda: len(receiver.got) == 2, 10, "the second")
        assert_signed(*receiver.got[1])
        ask(live, "model-versions/create", {"name": "m", "source": "s3://b/1"})
        wait_for(lambda: len(receiver.got) == 4, 10, "both of the third")
        assert sorted("X-MLflow-Signature" in headers for headers, _ in receiver.got[2:]) == [False, True]
        for path in ("webhooks", "webhooks/" + disabled):
            assert SECRET not in live.get("/api/2.0/mlflow/" + path).text


def test_the_test_says_what_the_receiver_said(server, tmp_path):
    with server(tmp_path) as live, Receiver(answers=[200, 418]) as receiver:
        one = hook(live, receiver.url, status="DISABLED")
        event = {"entity": "MODEL_VERSION_TAG", "action": "SET"}
        assert ask(live, f"webhooks/{one}/test", {"event": event})["result"] == {"success": True, "response_status": 200, "response_body": "thanks"}
        assert receiver.events() == [("model_version_tag.set", {"name": "example_model", "version": "1", "key": "example_key", "value": "example_value"})]
        assert_signed(*receiver.got[0])
        assert ask(live, f"webhooks/{one}/test", {})["result"]["success"] is False
        ask(live, "webhooks/" + one, {"url": "http://127.0.0.1:1/"}, "PATCH")
        result = ask(live, f"webhooks/{one}/test", {})["result"]
        assert result["success"] is False and result["error_message"].startswith("Failed to test webhook: ")


def test_by_default_only_public_https_addresses(zoo):
    events = [{"entity": "MODEL_VERSION", "action": "CREATED"}]
    for url, why in [("http://8.8.8.8/", "scheme"), ("https://127.0.0.1/", "non-public"), ("https://localhost:5000/", "non-public"),
                     ("https://[::ffff:169.254.169.254]/", "non-public"), ("https://no-such-host.invalid/", "Cannot resolve")]:  # fmt: skip
        assert why in ask(zoo, "webhooks", {"name": "w", "url": url, "events": events}, status=400)["message"]
