"""What a user of MLflow's client sees when a project refuses changes that go around its gate."""

import models
import mlflow
import projects
import pytest
from conftest import make_run, start_server, user_env
from mlflow.exceptions import MlflowException


@pytest.fixture
def strict(mlean, tmp_path):
    (tmp_path / "home").mkdir()
    env = user_env(mlean, tmp_path / "home")
    run = make_run(mlean, env)
    (tmp_path / "root").mkdir()
    root = projects.make(tmp_path / "root", "registry: {ungated: deny}\n")
    run("loop", "run", cwd=root)
    run("models", "register", "late", models.bare(tmp_path / "bare.ubj").file, cwd=root)
    with start_server(mlean, env, tmp_path / "stderr", root) as live:
        yield mlflow.MlflowClient(live.url, live.url)


def test_the_client_says_what_helps(strict):
    changes = (
        lambda: strict.set_registered_model_alias("late", "champion", "2"),
        lambda: strict.transition_model_version_stage("late", "2", "Production"),
    )
    for change in changes:
        with pytest.raises(MlflowException, match=r"has not passed its gate.*mlean gate late") as caught:
            change()
        assert caught.value.error_code == "PERMISSION_DENIED"
    assert strict.get_model_version_by_alias("late", "champion").version in ("1", 1)
    strict.set_registered_model_alias("late", "mine", "2")
    strict.transition_model_version_stage("late", "1", "Production")
