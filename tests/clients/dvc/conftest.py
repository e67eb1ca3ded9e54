"""Fixtures of the tests that let the real dvc 3.67.1 and mlean take turns on one repository; README.md tells how to run them.

  real, ours    the two tools in the hands of the same user: ours("add", "data", cwd=repo.path)
  order         (first, second): the test runs twice, real then ours and ours then real
  make          make("name"): an empty DVC repository inside git (repos.Repo)
  twins         two repositories with the same content, one for each tool; see repos.Twins
"""

import os
import pathlib
import tempfile

import pytest

pytest.register_assert_rewrite(f"{__package__}.repos", f"{__package__}.client")

from . import client, repos, storage  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[3]


def pytest_addoption(parser):
    parser.addoption("--dvc-bin", help="the real dvc (default: DVC_BIN, else .deps/dvc/bin/dvc)")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: minutes long; runs only with -m long")
    config.addinivalue_line("markers", "stricter(why): mlean must do better than the real dvc; left out when dvc itself is the subject (not with DVC_STRICTER=1)")


def subject():
    named = [os.environ["MLEAN_BIN"]] if "MLEAN_BIN" in os.environ else [TOP / "build/mlean", TOP / "build/dev/mlean"]
    found = [binary for binary in map(pathlib.Path, named) if binary.exists()]
    return found[0].absolute() if found else None


def is_dvc(binary):
    return binary is not None and binary.name == "dvc"


def pytest_collection_modifyitems(config, items):
    here = str(pathlib.Path(__file__).parent)
    mine = [item for item in items if str(item.path).startswith(here)]
    if "long" not in (config.getoption("markexpr") or ""):
        out = {item for item in mine if item.get_closest_marker("long")}
        if out:
            config.hook.pytest_deselected(items=list(out))
            items[:] = [item for item in items if item not in out]
    if is_dvc(subject()) and not os.environ.get("DVC_STRICTER"):
        for item in mine:
            mark = item.get_closest_marker("stricter")
            if mark:
                item.add_marker(pytest.mark.skip(reason=f"the real dvc does not: {mark.args[0]}"))


@pytest.fixture(scope="session")
def dvc_binary(request):
    named = request.config.getoption("--dvc-bin") or os.environ.get("DVC_BIN") or TOP / ".deps/dvc/bin/dvc"
    if not pathlib.Path(named).exists():
        pytest.fail(f"the real dvc is not at {named}; run ./dev setup, or set DVC_BIN")
    return pathlib.Path(named).absolute()


@pytest.fixture(scope="session")
def real_starter(dvc_binary):
    starter = client.Spawner(dvc_binary) if os.environ.get("DVC_SPAWN") else client.ForkServer(dvc_binary)
    yield starter
    starter.close()


@pytest.fixture(scope="session")
def our_starter(real_starter):
    binary = subject()
    if binary is None:
        pytest.fail("mlean is not built; run ./dev build, or set MLEAN_BIN")
    if is_dvc(binary):
        return real_starter
    return client.Spawner(binary)


@pytest.fixture
def user_env():
    """Its HOME is in memory: most of the time of a short dvc command goes into fsync of its databases."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="dvc-home-", dir=memory) as home:
        yield client.user_env(pathlib.Path(home))


@pytest.fixture
def real(real_starter, user_env):
    return client.Tool("dvc", real_starter, user_env)


@pytest.fixture
def ours(our_starter, user_env):
    return client.Tool("mlean", our_starter, user_env)


@pytest.fixture(params=["real-ours", "ours-real"])
def order(request, real, ours):
    return (real, ours) if request.param == "real-ours" else (ours, real)


@pytest.fixture(params=["real", "ours"])
def either(request, real, ours):
    return real if request.param == "real" else ours


@pytest.fixture
def make(tmp_path, user_env):
    return lambda name="repo", **options: repos.Repo(tmp_path / name, user_env).init(**options)


@pytest.fixture
def twins(tmp_path, real, ours):
    """twins(fill): `fill(repo)` makes the content of both."""
    return lambda fill=None, **options: repos.Twins(tmp_path, real, ours, fill, **options)


@pytest.fixture(scope="session")
def store(tmp_path_factory, dvc_binary):
    """store.remote("s3"): an empty remote; see storage.py."""
    made = storage.Store(tmp_path_factory.mktemp("store"), dvc_binary.parent / "python")
    yield made
    made.close()


@pytest.fixture
def http_server(tmp_path, dvc_binary):
    """http_server(fail_after=3): an HTTP server with the faults of servers.py, as a remote of its own."""
    servers = []

    def start(**options):
        servers.append(storage.Server("http", tmp_path / f"http{len(servers)}", dvc_binary.parent / "python", **options))
        return storage.Remote("http", servers[-1], tmp_path, "r")

    yield start
    for server in servers:
        server.close()
