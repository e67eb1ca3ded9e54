"""Round trip 11: each tool respects the locks that the other one holds: `.dvc/tmp/lock` for the repository, `rwlock` for paths."""

import contextlib
import fcntl
import json
import os
import time

import pytest

from conftest import wait_for

BUSY = "Unable to acquire lock. Most likely another DVC process is running or was terminated abruptly."


@contextlib.contextmanager
def busy(tool, repo, http_server):
    """`tool` is in the middle of a push, to a server that does not answer, and holds the lock of the repository."""
    remote = http_server(stall_after=0)
    repo.config(remote.config())
    repo.write("pushed", "1")
    tool("add", "pushed", cwd=repo)
    process = tool.start("push", cwd=repo)

    def locked():
        with contextlib.suppress(FileNotFoundError), open(repo.path / ".dvc/tmp/lock", "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    try:
        wait_for(locked, what="the lock of the repository")
        yield process
        assert process.poll() is None, "it held the lock all the time"
    finally:
        process.kill()


def test_busy_repository(order, make, http_server):
    first, second = order
    repo = make()
    with busy(first, repo, http_server):
        repo.write("x", "1")
        begin = time.monotonic()
        done = second("add", "x", cwd=repo, check=None)
        assert 2 < time.monotonic() - begin < 20, "seven attempts in three seconds"
        assert done.returncode == 1
        assert BUSY in done.stderr
        assert not repo.exists("x.dvc") and repo.read("x") == "1"
        second("root", cwd=repo)  # needs no lock
    assert second("add", "x", cwd=repo).returncode == 0, "the lock of a dead process is none"


def test_holder_is_told_by_its_pid(either, make, http_server):
    repo = make()
    with busy(either, repo, http_server) as process:
        text = repo.read(".dvc/tmp/lock")
        assert text.strip() == str(process.pid)


def test_wait_for_lock(order, make, http_server):
    first, second = order
    repo = make()
    with busy(first, repo, http_server):
        repo.write("x", "1")
        waiting = second.start("--wait-for-lock", "add", "x", cwd=repo)
        assert waiting.poll(4) is None, "longer than without the option"
    assert waiting.finish(30).returncode == 0
    assert repo.exists("x.dvc")


STAGES = """\
stages:
  slow:
    cmd: echo > started; read line < gate; cat in > out
    deps: [in]
    outs: [out]
  other:
    cmd: echo 1 > other
    outs: [other]
"""


@contextlib.contextmanager
def running(tool, repo):
    """`tool` runs the stage `slow`: the lock of the repository is free, `in` is being read and `out` written."""
    repo.write("dvc.yaml", STAGES)
    repo.write("in", "1")
    os.mkfifo(repo.path / "gate")
    process = tool.start("repro", "slow", cwd=repo)
    try:
        wait_for(lambda: repo.exists("started"), what="the stage")
        yield process
        with open(repo.path / "gate", "w") as gate:
            gate.write("go\n")
        assert process.finish().returncode == 0
    finally:
        process.kill() if process.returncode is None else None


def test_running_stage(order, make):
    first, second = order
    repo = make()
    with running(first, repo) as process:
        held = json.loads(repo.read(".dvc/tmp/rwlock"))
        (info,) = [one for path, one in held["write"].items() if path == str(repo.path / "out")]
        assert set(info) == {"pid", "cmd"} and info["pid"] == process.pid
        assert [one["pid"] for one in held["read"][str(repo.path / "in")]] == [process.pid]
        done = second("repro", "slow", cwd=repo, check=None)
        assert done.returncode == 255
        assert "is busy, it is being blocked by" in done.stderr and str(process.pid) in done.stderr
        second("repro", "other", cwd=repo)
        assert second("status", "--json", cwd=repo, check=1).stdout == ""
    assert first("status", "--json", cwd=repo).json == {}
    assert second("status", "--json", cwd=repo).json == {}
    assert not repo.exists(".dvc/tmp/rwlock") or not any(json.loads(repo.read(".dvc/tmp/rwlock")).values())


def test_entry_of_a_dead_process_is_purged(order, make):
    first, second = order
    repo = make()
    repo.write("dvc.yaml", STAGES.replace("echo > started; read line < gate; ", ""))
    repo.write("in", "1")
    dead = first.start("--version", cwd=repo)
    dead.finish()
    repo.write(".dvc/tmp/rwlock", json.dumps({"write": {str(repo.path / "out"): {"pid": dead.pid, "cmd": "dvc repro"}}, "read": {}}))
    second("repro", cwd=repo)
    assert repo.read("out") == "1"


@pytest.mark.parametrize("text", ["", "{", "[]", "{\"write\": {}}", "null"])
def test_broken_rwlock_of_the_real_tool(text, real, ours, make):
    """The real tool may leave an empty file when it is killed, and refuses it ever after; mlean mends it."""
    repo = make()
    repo.write("dvc.yaml", STAGES.replace("echo > started; read line < gate; ", ""))
    repo.write("in", "1")
    repo.write(".dvc/tmp/rwlock", text)
    done = ours("repro", cwd=repo, check=None)
    if ours.starter is real.starter:
        return
    assert done.returncode == 0
    assert real("status", "--json", cwd=repo).json == {}


def test_concurrent_adds(order, make):
    """Both at the same time, many times: each waits for the other, and all is there in the end."""
    repo = make()
    names = [f"f{number}" for number in range(6)]
    for name in names:
        repo.write(name, name)
    processes = [order[number % 2].start("--wait-for-lock", "add", name, cwd=repo) for number, name in enumerate(names)]
    for process in processes:
        assert process.finish().returncode == 0
    assert len(repo.objects()) == len(names)
    assert repo.read(".gitignore").splitlines() == sorted(f"/{name}" for name in names) or set(repo.read(".gitignore").splitlines()) == {f"/{name}" for name in names}
    assert order[0]("status", "--json", cwd=repo).json == {}
