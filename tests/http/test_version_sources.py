"""What may be the source of a model version is what MLflow's own server takes; its refusals, too."""

import json
import pathlib

import pytest
from version_sources import CASES, Sources

GOLDEN = pathlib.Path(__file__).parents[1] / "golden/registry/sources.json"

# By source. This server asks no other host for files, so it refuses none; what it cannot find it says is not found.
ELSEWHERE = ("ftp://h/x", "hdfs://h/x")
OTHER_STATUS = {
    "models:/m-nosuch": (500, 404),
    "models:/o@nosuch": (400, 404),
    "file://host/etc": (500, 400),
}
OTHER_TEXT = ("models:/nosuch/1", "models:/o/9", "mlflow-artifacts://host:1/1/a", "http://localhost/", "file://host")


@pytest.fixture(scope="module")
def ours(mlean, tmp_path_factory):
    from conftest import start_server, user_env

    env = user_env(mlean, tmp_path_factory.mktemp("home"))
    with start_server(mlean, env, tmp_path_factory.mktemp("server") / "stderr", tmp_path_factory.mktemp("root")) as live:
        yield Sources(live.url)


def test_the_table_is_of_these_cases():
    assert [row["asked"] for row in json.loads(GOLDEN.read_text())] == CASES


@pytest.mark.parametrize("row", json.loads(GOLDEN.read_text()), ids=lambda row: json.dumps(row["asked"]))
def test_a_source(ours, row):
    source = row["asked"]["source"]
    status, answer = ours.ask(row["asked"])
    if source in ELSEWHERE:
        assert (row["status"], status) == (400, 200), answer
    elif source in OTHER_STATUS:
        assert (row["status"], status) == OTHER_STATUS[source], answer
    elif row["asked"] == {"source": "models:/o/2", "model_id": "{logged}"}:  # the real one has forgotten whose it is
        assert (row["status"], status) == (400, 200), answer
    else:
        assert status == row["status"], answer
        if not source.startswith(OTHER_TEXT):
            assert answer == row["answer"]
