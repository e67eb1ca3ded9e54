"""What a turn of the loop has kept, as a user of MLflow's client finds it."""

import json

import mlflow
import pandas
import projects
import pytest
import xgboost
from conftest import make_run, start_server, user_env


@pytest.fixture(scope="module")
def turned(mlean, tmp_path_factory):
    """A project after one turn, behind a server."""
    env = user_env(mlean, tmp_path_factory.mktemp("home"))
    root = projects.make(tmp_path_factory.mktemp("root"))
    make_run(mlean, env)("loop", "run", cwd=root)
    with start_server(mlean, env, tmp_path_factory.mktemp("server") / "stderr", root) as live:
        mlflow.set_tracking_uri(live.url)
        mlflow.set_registry_uri(live.url)
        yield root


def the_run():
    (run,) = mlflow.MlflowClient().search_runs([mlflow.get_experiment_by_name("small").experiment_id])
    return run.info.run_id


def test_the_files_of_a_turn_are_listed_and_fetched(turned, tmp_path):
    client = mlflow.MlflowClient()
    names = {one.path: one.is_dir for one in client.list_artifacts(the_run())}
    assert names == {"dvc.lock": False, "evaluation.json": False, "metrics.json": False, "model": True, "params.yaml": False}
    assert {one.path for one in client.list_artifacts(the_run(), "model")} == {
        "model/MLmodel", "model/late.ubj", "model/python_env.yaml", "model/requirements.txt",
    }  # fmt: skip
    assert mlflow.artifacts.load_dict(f"runs:/{the_run()}/metrics.json") == json.loads((turned / "metrics.json").read_text())
    folder = mlflow.artifacts.download_artifacts(run_id=the_run(), artifact_path="", dst_path=str(tmp_path))
    assert (tmp_path / "model/late.ubj").read_bytes() == (turned / "late.ubj").read_bytes() and folder


def test_the_champion_is_loaded_by_its_alias(turned):
    version = mlflow.MlflowClient().get_model_version_by_alias("late", "champion")
    assert (str(version.version), version.run_id, version.source) == ("1", the_run(), f"runs:/{the_run()}/model")
    booster = mlflow.xgboost.load_model("models:/late@champion")
    file = xgboost.Booster(model_file=turned / "late.ubj")
    rows = pandas.DataFrame(0.5, index=range(3), columns=file.feature_names)
    expected = file.predict(xgboost.DMatrix(rows))
    assert (booster.predict(xgboost.DMatrix(rows)) == expected).all()
    assert (mlflow.pyfunc.load_model("models:/late/1").predict(rows) == expected).all()
