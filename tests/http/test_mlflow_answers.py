"""Words and orders in answers that MLflow's clients, pages and own tests look for."""

import json
import sqlite3

import pytest
import requests
from access import As


@pytest.fixture
def asker(server, tmp_path):
    with server(tmp_path) as live:
        yield As(live.url)


def refused(asker, method, path, text, **fields):
    answer = asker.ml(method, path, status=400, **fields)
    assert answer["error_code"] == "INVALID_PARAMETER_VALUE" and text in answer["message"], answer


def test_of_what_a_request_lacks(asker):
    run = asker.ml("POST", "runs/create", experiment_id="0")["run"]["info"]["run_id"]
    many = [str(n) for n in range(1000)]
    search = "experiments/search-datasets"
    refused(asker, "POST", search, "SearchDatasets request must specify at least one experiment_id.")
    refused(asker, "POST", search, "SearchDatasets request must specify at least one experiment_id.", experiment_ids=[])
    refused(asker, "POST", search, "SearchDatasets request cannot specify more than 20", experiment_ids=many)
    interval = "metrics/get-history-bulk-interval"
    refused(asker, "GET", interval, "must specify at most 100 run_ids.", run_ids=many, metric_key="m")
    for given, text in (({}, "run_uuid"), ({"run_uuid": run}, "path"), ({"run_uuid": run, "path": "f"}, "data")):
        reply = asker.post("/ajax-api/2.0/mlflow/upload-artifact", params=given)
        assert (reply.status_code, reply.json()["message"]) == (400, f"Request must specify {text}.")


def test_of_filters_and_orders(asker):
    for kind in ("runs", "model-versions"):
        ask = ("POST", "runs/search") if kind == "runs" else ("GET", "model-versions/search")
        more = {"experiment_ids": ["0"]} if kind == "runs" else {}
        refused(asker, *ask, "expected a non-empty list of string values, but got empty list", filter="run_id IN ()", **more)
        refused(asker, *ask, "but got different type in list", filter="run_id IN (1,2,3)", **more)
        refused(asker, *ask, "Invalid clause(s) in filter string", filter="run_id IN (", **more)
        assert asker.ml(*ask, filter="AND run_id = 'x' AND AND run_id = 'y'", **more) == {}
    refused(asker, "GET", "registered-models/search", "Invalid order by key 'x' specified", order_by="x")

    def models(text, **fields):
        refused(asker, "POST", "logged-models/search", text, experiment_ids=["0"], **fields)

    models("Invalid filter string", filter="Foo")
    models("Invalid comparison operator", filter="name > 'foo'")
    models("Invalid comparison operator", filter="metrics.foo LIKE 0")
    for name in ("foo", "params.x", "tags.x"):
        models("Invalid order by field name: " + name, order_by=[{"field_name": name}])


def test_a_page_of_logged_models_is_of_its_search(asker):
    other = asker.ml("POST", "experiments/create", name="other")["experiment_id"]
    for _ in range(3):
        asker.ml("POST", "logged-models", experiment_id="0")
    search = {"experiment_ids": ["0"], "max_results": 1}
    token = asker.ml("POST", "logged-models/search", **search)["next_page_token"]
    for field, value, text in (
        ("experiment_ids", [other], "Experiment IDs in the page token do not match"),
        ("order_by", [{"field_name": "creation_time"}], "Order by in the page token does not match"),
        ("filter", "name = 'x'", "Filter string in the page token does not match"),
    ):
        refused(asker, "POST", "logged-models/search", text, **(search | {field: value, "page_token": token}))
    refused(asker, "POST", "logged-models/search", "Invalid page token", **(search | {"page_token": "WzFd"}))
    rest = asker.ml("POST", "logged-models/search", **(search | {"max_results": 9, "page_token": token}))
    assert len(rest["models"]) == 2 and "next_page_token" not in rest


def test_params_of_logged_models_stay(asker):
    model = asker.ml("POST", "logged-models", experiment_id="0", params=[{"key": "p", "value": "1"}])["model"]["info"]["model_id"]
    params = f"logged-models/{model}/params"
    asker.ml("POST", params, params=[{"key": "p", "value": "1"}, {"key": "q", "value": "2"}])
    changed = [{"key": "r", "value": "3"}, {"key": "p", "value": "9"}]
    refused(asker, "POST", params, "Changing param values is not allowed", params=changed)
    kept = asker.ml("GET", f"logged-models/{model}")["model"]["data"]["params"]
    assert {one["key"]: one["value"] for one in kept} == {"p": "1", "q": "2"}


def test_runs_that_are_not_there_have_no_points(asker):
    run = asker.ml("POST", "runs/create", experiment_id="0")["run"]["info"]["run_id"]
    asker.ml("POST", "runs/log-metric", run_id=run, key="m", value=1, timestamp=1, step=1)
    assert asker.ml("GET", "metrics/get-history", run_id="gone", metric_key="m") == {}
    for path, field in (("metrics/get-history-bulk", "run_id"), ("metrics/get-history-bulk-interval", "run_ids")):
        answer = asker.ml("GET", path, **{field: ["gone", run], "metric_key": "m"})
        assert [point["run_id"] for point in answer["metrics"]] == [run]


def test_a_chart_has_evenly_spread_points_of_each_run(asker):
    """As the windows of MLflow 3.17's SQL give them, also when all points have one step, or negative ones."""
    sql = sqlite3.connect(":memory:")
    for shape in (lambda n: 0, lambda n: n // 7 - 50, lambda n: n):
        run = asker.ml("POST", "runs/create", experiment_id="0")["run"]["info"]["run_id"]
        points = [{"key": "m", "value": n * 7919 % 1000, "timestamp": 5 + n % 3, "step": shape(n)} for n in range(1000)]
        asker.ml("POST", "runs/log-batch", run_id=run, metrics=points)
        rows = sorted((p["step"], p["timestamp"], p["value"]) for p in points)
        for most in (1, 2, 7, 320, 999, 1000, 2500):
            tiles = sql.execute("SELECT at, ntile(?) OVER (ORDER BY at) FROM (SELECT value AS at FROM json_each(?))", (most, json.dumps(list(range(1000)))))
            first = {}
            for at, tile in tiles:
                first.setdefault(tile, at)
            wanted = [rows[at] for at in first.values()]
            if wanted[-1] != rows[-1]:
                wanted = wanted[: most - 1] + rows[-1:]
            answer = asker.ml("GET", "metrics/get-history-bulk-interval", run_ids=[run], metric_key="m", max_results=most)["metrics"]
            assert [(int(p["step"]), int(p["timestamp"]), p["value"]) for p in answer] == wanted, most
    some = asker.ml("GET", "metrics/get-history-bulk-interval", run_ids=[run], metric_key="m", max_results=3, start_step=10, end_step=19)["metrics"]
    assert [int(p["step"]) for p in some] == [10, 14, 19]


@pytest.mark.parametrize("page", [1, 3, 7, 100])
def test_pages_of_a_history(asker, page):
    """Points that come while somebody pages move no other; numbers that JSON has no words for do not end the paging."""
    run = asker.ml("POST", "runs/create", experiment_id="0")["run"]["info"]["run_id"]
    key = "a/key with spaces: über alles"
    values = ["NaN", "Infinity", "-Infinity", 0.1, -1e-300, 3, 2.5]
    asker.ml("POST", "runs/log-batch", run_id=run, metrics=[{"key": key, "value": value, "timestamp": 10 + time, "step": -time} for time in range(3) for value in values])
    whole = asker.ml("GET", "metrics/get-history", run_id=run, metric_key=key)["metrics"]
    assert len(whole) == 21 and {point["key"] for point in whole} == {key}
    got, token = [], ""
    for _ in range(len(whole)):
        answer = asker.ml("GET", "metrics/get-history", run_id=run, metric_key=key, max_results=page, **({"page_token": token} if token else {}))
        assert len(answer["metrics"]) <= page
        got += answer["metrics"]
        token = answer.get("next_page_token", "")
        if not token:
            break
        asker.ml("POST", "runs/log-metric", run_id=run, key=key, value=len(got), timestamp=1, step=0)
    assert got == whole
    for wrong in ("x", "eyJvZmZzZXQiOiAzfQ==", "WzFd"):
        asker.ml("GET", "metrics/get-history", status=400, run_id=run, metric_key=key, page_token=wrong)


def test_a_deleted_logged_model(asker):
    """Is not shown, unless asked for; what is written to it is kept."""
    model = asker.ml("POST", "logged-models", experiment_id="0", name="m")["model"]["info"]["model_id"]
    asker.ml("DELETE", f"logged-models/{model}")
    asker.ml("GET", f"logged-models/{model}", status=404)
    asker.ml("PATCH", f"logged-models/{model}/tags", tags=[{"key": "late", "value": "1"}])
    asker.ml("POST", f"logged-models/{model}/params", params=[{"key": "p", "value": "2"}])
    finalized = asker.request("PATCH", f"/api/2.0/mlflow/logged-models/{model}", json={"status": "LOGGED_MODEL_READY"})
    assert finalized.status_code == 200, finalized.text
    asker.ml("GET", f"logged-models/{model}", status=404, allow_deleted="false")
    shown = asker.ml("GET", f"logged-models/{model}", allow_deleted="true")["model"]
    assert shown["info"]["tags"] == [{"key": "late", "value": "1"}] and shown["data"]["params"] == [{"key": "p", "value": "2"}]
    assert shown["info"]["status"] == "LOGGED_MODEL_READY"


def test_which_changes_move_which_times(asker):
    """As MLflow: a stage moves version and model, a description its owner, tags and aliases nothing."""
    asker.ml("POST", "registered-models/create", name="m")
    asker.ml("POST", "model-versions/create", name="m", source="s3://bucket/x")
    version = {"name": "m", "version": "1"}

    def times():
        return (asker.ml("GET", "registered-models/get", name="m")["registered_model"]["last_updated_timestamp"],
                asker.ml("GET", "model-versions/get", **version)["model_version"]["last_updated_timestamp"])  # fmt: skip

    def moved(method, path, **fields):
        before = times()
        # Until the clock has gone on: a change within the millisecond of the one before would be seen as none.
        for _ in range(50):
            asker.ml(method, path, **fields)
        return tuple(after > earlier for earlier, after in zip(before, times()))

    tag = {"key": "k", "value": "v"}
    assert moved("POST", "model-versions/set-tag", **version, **tag) == (False, False)
    assert moved("DELETE", "model-versions/delete-tag", **version, key="k") == (False, False)
    assert moved("POST", "registered-models/set-tag", name="m", **tag) == (False, False)
    assert moved("DELETE", "registered-models/delete-tag", name="m", key="k") == (False, False)
    assert moved("POST", "registered-models/alias", **version, alias="a") == (False, False)
    assert moved("PATCH", "model-versions/update", **version, description="d") == (False, True)
    assert moved("POST", "model-versions/transition-stage", **version, stage="Staging") == (True, True)


def test_models_and_prompts_share_their_names(asker):
    def make(name, status=200, prompt=None):
        tags = [] if prompt is None else [{"key": "mlflow.prompt.is_prompt", "value": prompt}]
        return asker.ml("POST", "registered-models/create", status=status, name=name, tags=tags)

    make("model")
    make("prompt", prompt="true")
    make("no prompt", prompt="false")
    for name, prompt, text in (
        ("model", None, "Registered Model (name=model) already exists."),
        ("no prompt", None, "Registered Model (name=no prompt) already exists."),
        ("prompt", "true", "Prompt (name=prompt) already exists."),
        ("model", "true", "Tried to create a prompt with name 'model', but the name is already taken by a registered model."),
        ("prompt", None, "Tried to create a registered model with name 'prompt', but the name is already taken by a prompt."),
    ):
        answer = make(name, status=400, prompt=prompt)
        assert answer["error_code"] == "RESOURCE_ALREADY_EXISTS" and answer["message"].startswith(text), answer


def test_latest_versions_come_in_the_order_of_their_stages(asker):
    asker.ml("POST", "registered-models/create", name="m")
    for number, stage in enumerate(["Archived", "Production", "Archived", "Production", "Staging", "Staging", "None"], 1):
        asker.ml("POST", "model-versions/create", name="m", source="s3://bucket/x")
        asker.ml("POST", "model-versions/transition-stage", name="m", version=str(number), stage=stage)

    def latest(**fields):
        answer = asker.ml("POST", "registered-models/get-latest-versions", name="m", **fields)
        return [one["version"] for one in answer["model_versions"]]

    assert latest() == ["3", "4", "6", "7"]
    assert latest(stages=["Staging", "Production"]) == ["4", "6"]
    model = asker.ml("GET", "registered-models/get", name="m")["registered_model"]
    assert [one["version"] for one in model["latest_versions"]] == ["3", "4", "6", "7"]


@pytest.mark.parametrize(
    "name, said, kind",
    [
        ("a.txt", "filename=a.txt", "text/plain"),
        ("dog+step+20.PNG", "filename=dog+step+20.PNG", "image/png"),
        ("i.webp", "filename=i.webp", "image/webp"),
        ("n.ipynb", "filename=n.ipynb", "text/plain"),
        ("mlproject", "filename=mlproject", "text/plain"),
        ("a b;c.mp4", 'filename="a b;c.mp4"', "video/mp4"),
    ],
)
def test_files_say_what_they_are(asker, name, said, kind):
    path = "/api/2.0/mlflow-artifacts/artifacts/0/" + requests.utils.quote(name)
    assert asker.put(path, data=b"x").status_code == 200
    reply = asker.get(path)
    assert reply.headers["Content-Disposition"] == "attachment; " + said
    assert reply.headers["Content-Type"] == kind
