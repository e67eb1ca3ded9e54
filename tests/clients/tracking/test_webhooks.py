"""Webhooks through the unmodified client, and the wire's answers beside the real server's. What is delivered: tests/http/test_webhooks.py."""

import base64
import hashlib
import hmac
import http.server
import re
import threading

import pytest
from conftest import start_server, user_env, wait_for
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from .pair import answer

pytestmark = pytest.mark.skipif(not hasattr(MlflowClient, "create_webhook"), reason="this client has no webhooks")

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
URL = "https://8.8.8.8/hook"  # a literal: nothing is looked up, and nothing is sent to it
CREATED = [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]
SEVERAL = [*CREATED, {"entity": "PROMPT_TAG", "action": "SET"}, {"entity": "MODEL_VERSION_ALIAS", "action": "DELETED"}, {"entity": 10, "action": 5}]


def body(**change):
    return {"name": "w", "url": URL, "events": CREATED} | change


ASKED = [
    ("POST", "", {}), ("POST", "", {"name": "a"}), ("POST", "", {"name": "a", "url": URL}),
    *(("POST", "", body(name=name)) for name in ("", "a b", "-a", "a-", "x" * 63, "x" * 64, 5, "A.b_c")),
    *(("POST", "", body(events=events)) for events in ([], "x", [{"entity": "MODEL_VERSION", "action": "UPDATED"}], [{"entity": 3, "action": 1}], SEVERAL)),
    *(("POST", "", body(url=url)) for url in (
        "http://8.8.8.8/", "ftp://8.8.8.8", "nothing", " ", "https://", "https://127.0.0.1/x", "https://[::1]/", "https://[bad/", "HTTPS://8.8.8.8/A",
        "https://u:p@8.8.8.8/x", "https://8.8.8.8:99/x", "https://10.1.2.3", "https://169.254.169.254/meta", "https://[64:ff9b::a00:1]/")),
    ("POST", "", body(description="d", secret="s", status="DISABLED")), ("POST", "", body(status=2)), ("POST", "", body(status="WEIRD", description="")),
    ("GET", "/nope", None), ("PATCH", "/nope", {}), ("DELETE", "/nope", None), ("POST", "/nope/test", {}),
    ("PATCH", "/{one}", {}), ("PATCH", "/{one}", {"name": "bad name"}), ("PATCH", "/{one}", {"name": "", "description": "", "events": [], "url": ""}),
    ("PATCH", "/{one}", {"url": "http://8.8.8.8/"}), ("PATCH", "/{one}", {"events": [{"entity": "PROMPT", "action": "SET"}]}), ("GET", "/{one}", None),
    ("PATCH", "/{one}", {"name": "n", "url": "https://1.1.1.1/", "events": SEVERAL, "description": "new", "status": "DISABLED", "secret": "x"}),
    ("POST", "/{one}/test", {"event": {"entity": "MODEL_VERSION", "action": "UPDATED"}}),
    *(("GET", "?" + query, None) for query in ("max_results=2", "max_results=0", "max_results=-1", "max_results=1001", "max_results=x", "page_token=xx")),
    ("DELETE", "/{one}", None), ("DELETE", "/{one}", None),
]  # fmt: skip


def comparable(status, content):
    """Without ids and times, and of an error what clients read."""
    if status >= 400:
        return status, content["error_code"], content["message"]
    return status, re.sub(r"\b1[0-9]{12}\b", "<time>", UUID.sub("<id>", repr(sorted(content.items()))))


def test_same_answers_as_the_real_server(pair):
    seen = []
    for side in pair.sides:
        made = side.call("POST", "mlflow/webhooks", body(name="first")).json()["webhook"]
        side.vars["one"] = made["webhook_id"]
        seen.append([(asked, UUID.sub("<id>", repr(comparable(*answer(side, *place(asked), {}))))) for asked in ASKED])
    ours, real = seen
    assert [pair for pair in zip(ours, real) if pair[0] != pair[1]] == []


def place(asked):
    method, path, content = asked
    return method, "mlflow/webhooks" + path, content


@pytest.fixture(scope="module")
def live(mlean, tmp_path_factory):
    """A server whose webhooks may go to this machine."""
    env = user_env(mlean, tmp_path_factory.mktemp("home"))
    env |= {"MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http, https", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true"}
    with start_server(mlean, env, tmp_path_factory.mktemp("server") / "stderr", tmp_path_factory.mktemp("root")) as server:
        yield MlflowClient(server.url, server.url)


@pytest.fixture
def receiver():
    """Its `url`, and in `got` what is posted to it."""
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"thanks")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.url = got, f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_client_keeps_webhooks(live):
    made = live.create_webhook("one", "https://x.example/", ["model_version.created", "model_version_tag.set"], description="d", secret="s3cret")
    assert made.secret is None and made.status == "ACTIVE" and made.description == "d"
    assert sorted(map(str, live.get_webhook(made.webhook_id).events)) == ["model_version.created", "model_version_tag.set"]
    changed = live.update_webhook(made.webhook_id, name="two", status="DISABLED", events=["registered_model.created"])
    assert (changed.name, changed.status, changed.url, [str(event) for event in changed.events]) == ("two", "DISABLED", made.url, ["registered_model.created"])
    others = [live.create_webhook(f"n{number}", made.url, ["prompt.created"]).webhook_id for number in range(3)]
    page = live.list_webhooks(max_results=2)
    rest = live.list_webhooks(max_results=2, page_token=page.token)
    assert [webhook.webhook_id for webhook in [*page, *rest]] == [*reversed(others), made.webhook_id] and not rest.token
    for one in [*others, made.webhook_id]:
        live.delete_webhook(one)
    with pytest.raises(MlflowException, match="not found"):
        live.get_webhook(made.webhook_id)
    assert list(live.list_webhooks()) == []


def test_what_the_client_changes_is_delivered(live, receiver):
    webhook = live.create_webhook("w", receiver.url, ["registered_model.created", "model_version_alias.created"], secret="s3cret")
    live.create_registered_model("heard")
    live.create_model_version("heard", "s3://bucket/model")
    live.set_registered_model_alias("heard", "best", 1)
    wait_for(lambda: len(receiver.got) == 2, 10, "two deliveries")
    for headers, sent in receiver.got:
        signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.".encode() + sent
        assert headers["X-MLflow-Signature"] == "v1," + base64.b64encode(hmac.new(b"s3cret", signed, hashlib.sha256).digest()).decode()
    result = live.test_webhook(webhook.webhook_id)
    assert (result.success, result.response_status, result.response_body, result.error_message) == (True, 200, "thanks", None)
    live.update_webhook(webhook.webhook_id, url="http://127.0.0.1:1/")
    result = live.test_webhook(webhook.webhook_id, event="registered_model.created")
    assert not result.success and "Failed to test webhook" in result.error_message
    live.delete_webhook(webhook.webhook_id)
