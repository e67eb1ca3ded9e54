"""The documents the server makes of itself: its OpenAPI description and its metrics."""

import re
import shutil
import subprocess

import pytest

API_ROUTES = [
    ("get", "/turns"), ("post", "/turns"), ("get", "/turns/{id}"), ("get", "/rollouts"), ("post", "/rollouts/{id}/abort"),
    ("get", "/models"), ("get", "/models/{model}/versions"), ("get", "/models/{model}/windows"), ("get", "/models/{model}/observe"),
    ("post", "/models/{model}/labels"), ("get", "/audit"), ("get", "/audit/verify"), ("get", "/alerts"), ("post", "/tick"),
    ("post", "/sync"),
]  # fmt: skip
OTHER_ROUTES = [
    ("get", "/health"), ("get", "/ready"), ("get", "/version"), ("get", "/metrics"), ("get", "/v2"), ("get", "/v2/models/{model}"),
    ("post", "/v2/models/{model}/infer"), ("post", "/v2/models/{model}/versions/{version}/infer"), ("post", "/predict/{model}"),
    ("post", "/predict/{model}/versions/{version}"),
]  # fmt: skip


def test_openapi_lists_every_route(zoo):
    document = zoo.get("/api/mlean/v1/openapi.json").json()
    assert document == zoo.get("/openapi.json").json()
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"]["title"] and document["info"]["version"] == zoo.get("/version").text
    paths = document["paths"]
    for method, path in [(m, "/api/mlean/v1" + p) for m, p in API_ROUTES] + OTHER_ROUTES:
        assert method in paths.get(path, {}), f"{method} {path}"


def test_openapi_is_sound(zoo):
    """What code generators trip over: unique operation ids, a parameter for each brace, responses, summaries."""
    ids = set()
    for path, operations in zoo.get("/openapi.json").json()["paths"].items():
        assert path.startswith("/")
        for method, operation in operations.items():
            assert method in ("get", "post", "put", "delete", "patch", "head", "options")
            assert operation["operationId"] not in ids, operation["operationId"]
            ids.add(operation["operationId"])
            declared = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path" and one["required"]}
            assert declared == set(re.findall(r"\{(\w+)\}", path)), path
            assert operation["responses"] and all("description" in one for one in operation["responses"].values())
            assert operation["summary"]


def test_metrics_are_clean(zoo):
    """As Prometheus' own tool reads them, after requests of several kinds were counted."""
    assert zoo.get("/nope").status_code == 404
    zoo.post("/predict/late", data="{")
    zoo.post("/predict/late", json={"carrier": "AA", "hour": 7, "distance": 1})
    text = zoo.get("/metrics").text
    assert 'mlean_predictions_total{model="late",variant="champion"}' in text
    assert re.search(r'mlean_http_requests_total\{route="/predict/\{model\}",method="POST",code="422"\} [1-9]', text)
    # A path that nobody made must not become a label.
    assert "nope" not in text
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (Debian's package prometheus) is not installed")
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
    assert checked.returncode == 0 and checked.stderr == "", checked.stderr
