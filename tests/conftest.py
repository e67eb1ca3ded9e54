"""Fixtures for tests of the whole program: the binary as a user runs it, and a server on a free port.

The binary is what MLEAN_BIN names, else build/mlean, else build/dev/mlean. Every test has its own HOME and TMPDIR. Nothing here
sleeps for a fixed time: whoever waits asks again until a deadline (see `wait_for`).

  mlean            the binary's path
  run(*args, cwd)  the finished process; `check` is the exit status it must have
  server(root)     with server(root) as live: live.get("/health")
  zoo              one server for the whole session, with the small models of models.py; tests must not change it
"""

import contextlib
import os
import pathlib
import selectors
import signal
import subprocess
import time

import models
import pytest
import requests

TOP = pathlib.Path(__file__).resolve().parents[1]
PYTHON_BIN = TOP / ".deps/python/bin"
START_SECONDS = 30
STOP_SECONDS = 30


def wait_for(ask, seconds=30, what="the condition"):
    """The first true answer of `ask`, asked again and again; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come true in {seconds} s; the last answer was {answer!r}")
        time.sleep(0.02)  # between two questions, not instead of one


def user_env(mlean, home):
    """The environment of a user without any settings of his own; `python` is the one with the packages."""
    (home / "tmp").mkdir()
    kept = {k: v for k, v in os.environ.items() if k in ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "MLEAN_LIB_DIR", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")}
    if mlean.parent.name != "build" and (TOP / ".deps/duckdb").is_dir():
        kept.setdefault("MLEAN_LIB_DIR", str(TOP / ".deps/duckdb"))
    return kept | {
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "PATH": f"{PYTHON_BIN}:{os.environ.get('PATH', '/usr/bin:/bin')}",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.com",
        "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.com",
        "NO_COLOR": "1",
    }  # fmt: skip


def find_mlean():
    named = [os.environ["MLEAN_BIN"]] if "MLEAN_BIN" in os.environ else [TOP / "build/mlean", TOP / "build/dev/mlean"]
    for binary in map(pathlib.Path, named):
        if binary.exists():
            return binary.resolve()
    pytest.fail(f"{named[0]} is not built; run ./dev build, or set MLEAN_BIN")


@pytest.fixture(scope="session")
def mlean():
    return find_mlean()


@pytest.fixture
def env(tmp_path_factory, mlean):
    return user_env(mlean, tmp_path_factory.mktemp("home"))


def make_run(mlean, env):
    def run_mlean(*args, cwd, check=0, timeout=300, **options):
        done = subprocess.run(
            [str(mlean), *map(str, args)], cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout, **options
        )
        if check is not None:
            assert done.returncode == check, (
                f"mlean {' '.join(map(str, args))}: exit {done.returncode}, not {check}\n{done.stdout}\n{done.stderr}"
            )
        return done

    return run_mlean


@pytest.fixture
def run(mlean, env):
    """run("loop", "run", cwd=folder): the finished process. `check`: the exit status it must have, or None for any."""
    return make_run(mlean, env)


class Server:
    """A running `mlean server`."""

    def __init__(self, url, process, root):
        self.url = url
        self.process = process
        self.root = root

    def get(self, path, **options):
        return requests.get(self.url + path, timeout=30, **options)

    def post(self, path, **options):
        return requests.post(self.url + path, timeout=30, **options)

    def kill(self):
        """SIGKILL, as a power cut for the process; the way out then expects no status."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)


def _first_line(process, seconds):
    """The first line on stdout; "" when the process ends or the time is over before there is one."""
    deadline = time.monotonic() + seconds
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                return ""
            piece = os.read(process.stdout.fileno(), 1)
            if not piece:
                return ""
            line += piece
    return line.decode()


@contextlib.contextmanager
def start_server(mlean, env, log, root, *args, listen="127.0.0.1:0", cwd=None, **options):
    with open(log, "wb") as stderr:
        process = subprocess.Popen(
            [str(mlean), "server", "--root", str(root), "--listen", listen, *map(str, args)],
            cwd=cwd or root, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, **options,
        )  # fmt: skip
    try:
        line = _first_line(process, START_SECONDS)
        assert " at http" in line, f"the server printed {line!r}\n{log.read_text()}"
        yield Server(line.rsplit(" at ", 1)[1].strip(), process, pathlib.Path(root))
        if process.poll() == -signal.SIGKILL:
            return  # by the test itself
        process.send_signal(signal.SIGTERM)
        status = process.wait(STOP_SECONDS)
        assert status == 0, f"the server ended with {status}\n{log.read_text()}"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()


@pytest.fixture
def server(mlean, env, tmp_path_factory):
    """with server(root) as s: s.get("/health"). On the way out it is told to stop and must end with status 0."""

    def start(root, *args, **options):
        return start_server(mlean, env, tmp_path_factory.mktemp("server") / "stderr", root, *args, **options)

    return start


@pytest.fixture(scope="session")
def zoo(mlean, tmp_path_factory):
    root = tmp_path_factory.mktemp("zoo")
    env = user_env(mlean, tmp_path_factory.mktemp("home"))
    made = models.make(root, make_run(mlean, env))
    with start_server(mlean, env, tmp_path_factory.mktemp("server") / "stderr", root) as live:
        live.models = made
        live.session = requests.Session()
        yield live
