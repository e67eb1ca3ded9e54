"""Fixtures for the remotes room alone: its unit binary as a driver, stores of objects, and the servers of servers.py."""

import hashlib
import json
import os
import pathlib
import subprocess
import time
import types

import pytest
import servers

TOP = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def driver():
    named = os.environ.get("MLEAN_REMOTES_TEST")
    for binary in [pathlib.Path(named)] if named else [TOP / f"build/{preset}/mlean_remotes_test" for preset in ("dev", "asan", "tsan")]:
        if binary.exists():
            return binary
    pytest.fail("mlean_remotes_test is not built; run ./dev build dev, or set MLEAN_REMOTES_TEST")


@pytest.fixture
def start_job(driver, tmp_path):
    """start_job(url, steps, options=…, env=…) gives the running process; its result() the answers."""
    count = 0

    def start(url, steps, options=None, env=None, attempts=3):
        nonlocal count
        count += 1
        out = tmp_path / f"answers{count}.json"
        job = tmp_path / f"job{count}.json"
        job.write_text(json.dumps({
            "remote": {"url": url, "options": options or {}}, "steps": steps, "out": str(out), "attempts": attempts}))  # fmt: skip
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AZURE_", "GOOGLE_", "SSH_"))}
        process = subprocess.Popen(
            [str(driver), "--gtest_filter=Driver.*", "--gtest_brief=1"],
            env=clean | {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"} | (env or {}) | {"MLEAN_REMOTES_JOB": str(job)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

        def result(timeout=120):
            text = process.communicate(timeout=timeout)[0]
            assert process.returncode == 0, text
            return json.loads(out.read_text())

        process.result = result
        return process

    return start


@pytest.fixture
def do(start_job):
    """do(url, step, …) gives the answer of each step; a whole job that fails gives one dict with "error"."""

    def run(url, *steps, options=None, env=None, attempts=3):
        answers = start_job(url, list(steps), options, env, attempts).result()
        return answers if isinstance(answers, dict) or len(steps) > 1 else answers[0]

    return run


def hold(folder, number):
    """For a step that pushes: its uploads wait from this one on until the file `go` is in the folder (see driver_test.cpp)."""
    return {"hold": str(folder), "hold_at": number}


def wait_until_held(process, folder):
    deadline = time.monotonic() + 60
    while not (folder / "reached").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)  # between two questions


def key_of(name):
    return f"files/md5/{name[:2]}/{name[2:]}"


class Store:
    """Objects as DVC's cache keeps them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def path(self, name):
        return self.folder / key_of(name)

    def put(self, content, suffix=""):
        name = hashlib.md5(content).hexdigest() + suffix
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(content)
            path.chmod(0o444)
        return name

    def put_dir(self, files):
        """files: relpath -> name"""
        entries = sorted(({"md5": name, "relpath": path} for path, name in files.items()), key=lambda entry: entry["relpath"])
        return self.put(json.dumps(entries, sort_keys=True).encode(), ".dir")

    def names(self):
        found = set()
        for path in self.folder.glob("files/md5/??/[!.]*"):
            found.add(path.parent.name + path.name)
        return found

    def litter(self):
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob(".*") if path.is_file())


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


@pytest.fixture
def tree(store):
    """A folder of 40 small files and a large one in the store; .files, .dir, .all."""
    files = {f"f{i}": store.put(f"file {i}\n".encode()) for i in range(40)}
    files["large"] = store.put(os.urandom(3_000_000))
    files["empty"] = store.put(b"")
    folder = store.put_dir(files)
    return types.SimpleNamespace(files=list(files.values()), dir=folder, all={folder, *files.values()})


def stand(make, folder):
    """A server in `folder`. One that is not installed fails the test under ./dev conformance and skips it elsewhere."""
    try:
        return make(folder).start()
    except servers.Missing as why:
        (pytest.fail if os.environ.get("MLEAN_CONFORMANCE") else pytest.skip)(str(why))


def module_server(make):
    @pytest.fixture(scope="module")
    def server(tmp_path_factory):
        running = stand(make, tmp_path_factory.mktemp("server"))
        yield running
        running.stop()

    return server


s3 = module_server(servers.s3)
http = module_server(servers.http)
ssh = module_server(servers.ssh)
