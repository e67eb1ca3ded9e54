"""Small things, as MLflow's own server (3.17.2) answers them."""

import pytest

API = "/api/2.0/mlflow/"


@pytest.fixture
def live(server, tmp_path):
    with server(tmp_path) as live:
        live.run_id = live.post(API + "runs/create", json={"experiment_id": "0", "run_name": "first"}).json()["run"]["info"]["run_id"]
        yield live


def status(live, path, **fields):
    return live.post(API + path, json=fields).status_code


def name_of(live):
    run = live.get(API + "runs/get", params={"run_id": live.run_id}).json()["run"]
    return run["info"]["run_name"], {tag["key"]: tag["value"] for tag in run["data"]["tags"]}.get("mlflow.runName")


def test_names_are_of_letters_and_digits_of_every_script(live):
    assert status(live, "registered-models/create", name="m") == 200
    assert status(live, "model-versions/create", name="m", source="s3://b/x") == 200
    for alias in ("größe", "名前", "½", "a-b_c", "é" * 255):
        assert status(live, "registered-models/alias", name="m", alias=alias, version="1") == 200, alias
        found = live.get(API + "registered-models/alias", params={"name": "m", "alias": alias})
        assert found.json()["model_version"]["version"] == "1", alias
    for alias in ("😀", "a b", "a\u0301", "é" * 256, "Latest", "v1"):
        assert status(live, "registered-models/alias", name="m", alias=alias, version="1") == 400, alias
    point = {"value": 1, "timestamp": 1, "step": 0}
    for key, expected in {"größe/名前": 200, "½": 200, "😀": 400, "a😀b": 400, "€": 400, "a\u0301": 400, "a\u200db": 400}.items():
        assert status(live, "runs/log-metric", run_id=live.run_id, key=key, **point) == expected, key
        assert status(live, "runs/log-batch", run_id=live.run_id, metrics=[{"key": key} | point]) == expected, key
        assert status(live, "runs/log-parameter", run_id=live.run_id, key=key, value="1") == expected, key
        assert status(live, "runs/set-tag", run_id=live.run_id, key=key, value="1") == expected, key
        assert status(live, "experiments/set-experiment-tag", experiment_id="0", key=key, value="1") == expected, key
        assert status(live, "registered-models/set-tag", name="m", key=key, value="1") == expected, key


def test_a_run_keeps_its_name(live):
    for value in ({"value": ""}, {}):
        assert status(live, "runs/set-tag", run_id=live.run_id, key="mlflow.runName", **value) == 200
        assert name_of(live) == ("first", "first")
    assert status(live, "runs/log-batch", run_id=live.run_id, tags=[{"key": "mlflow.runName", "value": ""}]) == 200
    assert status(live, "runs/update", run_id=live.run_id, run_name="") == 200
    assert name_of(live) == ("first", "first")
    assert status(live, "runs/set-tag", run_id=live.run_id, key="mlflow.runName", value="second") == 200
    assert name_of(live) == ("second", "second")


@pytest.mark.parametrize("value, kept", [("1e400", "Infinity"), ('"1e400"', "Infinity"), ('"-1.8e308"', "-Infinity"), ('"1e-400"', 0.0), ('"-Infinity"', "-Infinity")])
def test_numbers_that_no_double_holds(live, value, kept):
    text = '{"run_id": "%s", "key": "k", "value": %s, "timestamp": 1, "step": 0}' % (live.run_id, value)
    reply = live.post(API + "runs/log-metric", data=text, headers={"Content-Type": "application/json"})
    assert reply.status_code == 200, reply.text
    points = live.get(API + "metrics/get-history", params={"run_id": live.run_id, "metric_key": "k"}).json()["metrics"]
    assert [point["value"] for point in points] == [kept]


@pytest.mark.parametrize("order", [["name", "name"], ["name ASC", "name DESC"], ["attribute.name", "creation_time", "name DESC"]])
def test_experiments_may_be_ordered_twice_by_one_key(live, order):
    for name in "cab":
        assert status(live, "experiments/create", name=name) == 200
    names, token = [], ""
    while not names or token:
        page = live.post(API + "experiments/search", json={"max_results": 1, "order_by": order, "page_token": token}).json()
        names += [one["name"] for one in page["experiments"]]
        token = page.get("next_page_token", "")
    assert names == ["Default", "a", "b", "c"]


def test_a_fraction_of_a_millisecond_is_cut_off(live):
    """The real server keeps 0 and loses what follows in the batch; a script that sends such times runs on, here with its times."""
    def text(path, body):
        return live.post(API + path, data=body, headers={"Content-Type": "application/json"})

    made = text("runs/create", '{"experiment_id": "0", "start_time": 1700000000000.75}').json()["run"]["info"]
    assert made["start_time"] == 1700000000000
    ended = text("runs/update", '{"run_id": "%s", "status": "FINISHED", "end_time": 1700000000999.5}' % made["run_id"]).json()["run_info"]
    assert ended["end_time"] == 1700000000999
    points = '[{"key": "a", "value": 1, "timestamp": 5.5, "step": 1}, {"key": "b", "value": 2, "timestamp": 1e3, "step": 2}]'
    assert text("runs/log-batch", '{"run_id": "%s", "metrics": %s}' % (made["run_id"], points)).status_code == 200
    data = live.get(API + "runs/get", params={"run_id": made["run_id"]}).json()["run"]["data"]["metrics"]
    assert [(point["key"], point["timestamp"], point["step"]) for point in data] == [("a", 5, 1), ("b", 1000, 2)]
    for fields in ('"timestamp": 1, "step": 1.5', '"timestamp": "1.5", "step": 1', '"timestamp": true, "step": 1', '"timestamp": 1e30, "step": 1'):
        body = '{"run_id": "%s", "key": "c", "value": 1, %s}' % (made["run_id"], fields)
        assert text("runs/log-metric", body).status_code == 400, fields
