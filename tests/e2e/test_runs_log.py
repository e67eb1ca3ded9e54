"""`mlean runs log -- COMMAND`: what is kept of a command that knows nothing of tracking."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import wait_for


@pytest.fixture
def repository(tmp_path, env, run):
    """A git repository with data under control, one commit, and a change since."""

    def git(*words):
        subprocess.run(["git", *words], cwd=tmp_path, env=env, check=True, capture_output=True)

    git("init", "-q")
    run("init", cwd=tmp_path)
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    run("add", "data.csv", cwd=tmp_path)
    (tmp_path / "code.py").write_text("print('one')\n")
    (tmp_path / "requirements.txt").write_text("numpy==1.26\n")
    git("add", "-A")
    git("commit", "-qm", "first")
    (tmp_path / "code.py").write_text("print('two')\n")
    return tmp_path


def shown(run, root, run_id):
    return json.loads(run("runs", "show", run_id, "--json", cwd=root).stdout)


def newest(run, root):
    return json.loads(run("runs", "list", "--max", 1, "--json", cwd=root).stdout)[0]["run_id"]


def artifact(live, run_id, path):
    return live.get("/get-artifact", params={"run_id": run_id, "path": path})


def test_what_is_kept(repository, run, server, env):
    done = run("runs", "log", "--experiment", "night", "--name", "first", "--tag", "team=ops", "--", sys.executable, "code.py", cwd=repository)
    assert done.stdout == "two\n"
    run_id = newest(run, repository)
    assert f"run {run_id} FINISHED" in done.stderr
    kept = shown(run, repository, run_id)
    tags = kept["tags"]
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, env=env, capture_output=True, text=True).stdout.strip()
    assert (kept["name"], kept["status"], tags["team"]) == ("first", "FINISHED", "ops")
    assert tags["mlflow.source.git.commit"] == head and tags["mlean.git.dirty"] == "true"
    assert tags["mlflow.source.name"] == f"{sys.executable} code.py" and tags["mlean.exit_code"] == "0"
    assert tags["mlean.env.python"] == ".".join(map(str, sys.version_info[:3]))
    assert tags["mlean.env.lock.requirements.txt"] == hashlib.sha256(b"numpy==1.26\n").hexdigest()
    assert tags["mlean.env.host"] == os.uname().nodename
    assert [(one["name"], one["digest"]) for one in kept["inputs"]] == [("data.csv", hashlib.md5(b"a,b\n1,2\n").hexdigest())]
    assert 0 < kept["metrics"]["process/peak_memory_mb"] < 1000 and kept["metrics"]["process/wall_seconds"] > 0
    assert kept["lineage"]["run"]["git"]["commit"] == head
    with server(repository) as live:
        assert artifact(live, run_id, "logs/stdout.txt").text == "two\n"
        patch = artifact(live, run_id, "git/diff.patch").text
        packages = artifact(live, run_id, "environment/requirements.txt").text
    assert "-print('one')" in patch and "+print('two')" in patch
    subprocess.run(["git", "stash", "-q"], cwd=repository, env=env, check=True)
    subprocess.run(["git", "apply"], cwd=repository, env=env, check=True, input=patch, text=True)
    assert "pytest==" in packages
    by_data = json.loads(run("runs", "list", "--data", hashlib.md5(b"a,b\n1,2\n").hexdigest()[:12], "--json", cwd=repository).stdout)
    assert [one["run_id"] for one in by_data] == [run_id]


def test_streams_and_status_are_the_commands(tmp_path, run):
    done = run("runs", "log", "--", "sh", "-c", "echo out; echo err >&2; exit 3", cwd=tmp_path, check=3)
    assert done.stdout == "out\n" and done.stderr.startswith("err\n")
    assert shown(run, tmp_path, newest(run, tmp_path))["status"] == "FAILED"
    run("runs", "log", "--", "sh", "-c", "kill -TERM $$", cwd=tmp_path, check=143)
    assert shown(run, tmp_path, newest(run, tmp_path))["status"] == "KILLED"
    done = run("runs", "log", "--", "no-such-program-here", cwd=tmp_path, check=4)
    assert "no such program in PATH" in done.stderr
    assert shown(run, tmp_path, newest(run, tmp_path))["status"] == "FAILED"
    assert "there is no command" in run("runs", "log", cwd=tmp_path, check=2).stderr


def test_named_data_is_hashed(tmp_path, run):
    (tmp_path / "rows.csv").write_text("1\n")
    run("runs", "log", "--data", "rows.csv", "--", "true", cwd=tmp_path)
    assert [(one["name"], one["digest"]) for one in shown(run, tmp_path, newest(run, tmp_path))["inputs"]] == [("rows.csv", hashlib.md5(b"1\n").hexdigest())]
    assert "gone.csv" in run("runs", "log", "--data", "gone.csv", "--", "true", cwd=tmp_path, check=4).stderr


def test_long_output_is_bounded(tmp_path, run, server):
    script = "import sys\nfor n in range(3_000_000): sys.stdout.write(f'{n:07}\\n')"
    run("runs", "log", "--", sys.executable, "-c", script, cwd=tmp_path)
    with server(tmp_path) as live:
        text = artifact(live, newest(run, tmp_path), "logs/stdout.txt").text
    assert text.startswith("0000000\n") and text.endswith("2999999\n") and "bytes left out" in text
    assert len(text) < 17_000_000


def test_ctrl_c_is_the_commands(tmp_path, mlean, env, run):
    (tmp_path / "wait.py").write_text(
        "import time, sys\ntry:\n  print('ready', flush=True)\n  time.sleep(60)\nexcept KeyboardInterrupt:\n  print('cleaned up')\n  sys.exit(130)\n"
    )
    process = subprocess.Popen(
        [str(mlean), "runs", "log", "--", sys.executable, "wait.py"], cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert (out, process.returncode) == ("cleaned up\n", 130)
    assert shown(run, tmp_path, newest(run, tmp_path))["status"] == "KILLED"


def test_kill_9_leaves_a_run_that_is_ended_later(tmp_path, mlean, env, run, server):
    process = subprocess.Popen(
        [str(mlean), "runs", "log", "--", "sh", "-c", "echo begun; sleep 60"], cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout.readline() == b"begun\n"
    # A run under way is not ended by others.
    assert json.loads(run("runs", "list", "--json", cwd=tmp_path).stdout)[0]["status"] == "RUNNING"
    running = tmp_path / ".mlean/running"
    wait_for(lambda: any(file.stat().st_size for file in running.glob("*.out")), what="the output in the file")
    process.kill()
    process.wait(30)
    process.stdout.close()
    with server(tmp_path) as live:
        run_id = newest(run, tmp_path)
        assert shown(run, tmp_path, run_id)["status"] == "KILLED"
        assert artifact(live, run_id, "logs/stdout.txt").text == "begun\n"
    assert list(running.iterdir()) == []


def test_the_child_is_told_of_a_server(tmp_path, run, server):
    script = "printenv MLFLOW_TRACKING_URI MLFLOW_RUN_ID; printenv MLEAN_RUN_ID"
    with server(tmp_path) as live:
        done = run("runs", "log", "--json", "--", "sh", "-c", script, cwd=tmp_path)
        run_id = json.loads(done.stdout)["run_id"]
        assert done.stderr == f"{live.url}\n{run_id}\n{run_id}\n"
    done = run("runs", "log", "--quiet", "--", "sh", "-c", script, cwd=tmp_path)
    assert done.stdout == newest(run, tmp_path) + "\n" and done.stderr == ""


def test_it_begins_at_once(tmp_path, run):
    """Packages are read from folders, not asked of pip."""
    begin = time.monotonic()
    run("runs", "log", "--", sys.executable, "-S", "-c", "pass", cwd=tmp_path)
    assert time.monotonic() - begin < 5
