"""Random stores made by MLflow's own client, brought in by `mlean migrate mlflow`, and read back through the same client."""

import subprocess

import pytest
from conftest import make_run, start_server, user_env

from . import random_store
from .conftest import REAL

SEEDS = [1, 2, 3]


def has_sql():
    try:
        import mlflow.store.tracking.sqlalchemy_store  # noqa: F401
    except ImportError:
        return False
    return True


@pytest.fixture
def migrated(mlean, tmp_path_factory):
    """migrated(FROM): all of a store that FROM was brought into, as the client reads it."""

    def bring(source, *args, check=0):
        env = user_env(mlean, tmp_path_factory.mktemp("home"))
        root = tmp_path_factory.mktemp("root")
        run = make_run(mlean, env)
        run("migrate", "mlflow", source, *args, cwd=root, check=check)
        with start_server(mlean, env, tmp_path_factory.mktemp("server") / "stderr", root) as live:
            return random_store.read(live.url)

    return bring


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["database", "folder"])
def test_everything_is_there(kind, seed, migrated, tmp_path, monkeypatch):
    if kind == "database" and not has_sql():
        pytest.skip("this client's SQL store does not load here")
    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path}/mlflow.db" if kind == "database" else str(tmp_path / "mlruns")
    random_store.fill(uri, seed)
    assert random_store.differences(migrated(uri), random_store.read(uri)) == []


def test_from_a_server(migrated, real):
    random_store.fill(real.url, 4)
    assert random_store.differences(migrated(real.url), random_store.read(real.url)) == []


@pytest.mark.parametrize("kind", ["database", "folder"])
def test_there_and_back(kind, mlean, tmp_path, tmp_path_factory, monkeypatch):
    if not hasattr(random_store.MlflowClient, "create_logged_model") or not has_sql():
        pytest.skip("by the newest MLflow only")
    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path}/mlflow.db" if kind == "database" else str(tmp_path / "mlruns")
    random_store.fill(uri, 5)
    run = make_run(mlean, user_env(mlean, tmp_path_factory.mktemp("home")))
    root = tmp_path_factory.mktemp("root")
    run("migrate", "mlflow", uri, cwd=root)
    run("export", "mlflow", tmp_path / "out", cwd=root)
    exported = f"sqlite:///{tmp_path}/out/mlflow.db"
    subprocess.run([REAL, "db", "upgrade", exported], check=True, capture_output=True)
    assert random_store.differences(random_store.read(exported), random_store.read(uri)) == []
