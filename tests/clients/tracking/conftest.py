"""MLflow's own clients against our server, and the same calls against the real server beside it.

The suite is run once by each environment that `./dev conformance` makes: .deps/mlflow3 (client 3.x) and .deps/mlflow2 (client 2.x).
The real server is always the one of .deps/mlflow3.

  ours, real   a Side (pair.py) of one fresh server each, for the whole session
  pair         both
"""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess

import pytest
import requests
from conftest import TOP, start_server, user_env, wait_for

from .pair import Pair, Side

REAL = pathlib.Path(os.environ.get("MLFLOW_SERVER", TOP / ".deps/mlflow3/bin/mlflow"))
CLIENT_ENV = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
os.environ.update(CLIENT_ENV)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="session")
def ours(mlean, tmp_path_factory):
    env = user_env(mlean, tmp_path_factory.mktemp("home"))
    with start_server(mlean, env, tmp_path_factory.mktemp("server") / "stderr", tmp_path_factory.mktemp("root")) as live:
        yield Side("ours", live.url)


@contextlib.contextmanager
def start_real(folder, *options, env=None):
    """The URL of a fresh real server with its data in `folder`."""
    if not REAL.exists():
        pytest.fail("the real MLflow is not there; run ./dev conformance")
    port = free_port()
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [str(REAL), "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
             "--backend-store-uri", f"sqlite:///{folder}/db", "--artifacts-destination", str(folder / "artifacts"), *options],
            cwd=folder, env=os.environ | CLIENT_ENV | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"} | (env or {}),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"

    def up():
        try:
            return requests.get(url + "/health", timeout=5).text == "OK"
        except requests.ConnectionError:
            return False

    try:
        wait_for(up, 180, "the real server's health")
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@pytest.fixture(scope="session")
def real(tmp_path_factory):
    with start_real(tmp_path_factory.mktemp("real")) as url:
        yield Side("real", url)


@pytest.fixture(scope="session")
def pair(ours, real):
    return Pair(ours, real)
