"""The queue of experiments: its texts are the real tool's, its experiments too; what it keeps survives its worker."""

import re

import pytest

from conftest import wait_for

from . import repos

FILES = {
    "params.yaml": "lr: 1\n",
    "dvc.yaml": "stages:\n  s:\n    cmd: cat params.yaml > o; echo seen $(cat params.yaml)\n    params: [lr]\n    outs: [o]\n",
}


def fill(repo):
    for name, text in FILES.items():
        repo.write(name, text)


@pytest.fixture
def repo(make, ours):
    made = make()
    fill(made)
    ours("repro", cwd=made)
    made.commit("base")
    return made


def steady(text):
    text = re.sub(r"\d\d:\d\d [AP]M", "HH:MM xM", text)
    return re.sub(r"^[0-9a-f]{7} ", "IDIDIDI ", text, flags=re.MULTILINE)


def statuses(tool, repo):
    return {row["name"]: row["status"] for row in tool("queue", "status", "--json", cwd=repo).json["tasks"]}


def is_idle(tool, repo):
    return "Worker status: 0 active, 0 idle" in tool("queue", "status", cwd=repo).stdout


def test_texts(twins):
    """Without a worker, which the real tool takes seconds to start."""
    pair = twins(fill)
    pair.run("repro")
    pair.commit()
    for words in (
        "queue status", "queue logs x", "queue kill x", "queue remove x", "queue remove --all", "queue remove", "queue remove --all x", "queue stop",
        "exp run --run-all", "exp clean", "exp run --queue -n q1 -S lr=2", "exp run --queue -S lr=3,4 -n sw", "exp run --queue -n q1 -S lr=9", "queue logs q1",
        "queue kill q1", "queue remove sw-1", "exp remove --queue", "exp remove --queue", "queue status",
    ):  # fmt: skip
        pair.run(*words.split())
    pair.run("exp", "run", "--queue", "-n", "q1", "-S", "lr=2")
    texts = [steady(tool("queue", "status", cwd=one).stdout) for tool, one in zip(pair.tools, pair.repos)]
    assert texts[0] == texts[1]
    shown = [tool("exp", "show", "--json", cwd=one).json for tool, one in zip(pair.tools, pair.repos)]
    for states in shown:
        queued = states[1]["experiments"][0]
        task = queued["executor"]["local"].pop("task_id")
        assert queued["revs"][0].pop("rev") == queued["revs"][0]["data"].pop("rev") == task
        queued["revs"][0]["data"].pop("timestamp")
    assert shown[0] == shown[1]
    pair.run("exp", "show", "--json", "--hide-queued", compare="json")
    pair.same(objects=False)


def test_worker(repo, ours, real):
    """Both tools see the experiments that come out, which are what `exp run --temp` makes."""
    ours("exp", "run", "--queue", "-n", "lr", "-S", "lr=2,3", cwd=repo)
    before = repo.snapshot()
    repo.write("params.yaml", "lr: 100\n")  # of the user, after they were queued
    assert ours("queue", "start", cwd=repo).stdout == "Started '1' new experiments task queue worker.\n"
    wait_for(lambda: is_idle(ours, repo), what="the end of the worker")
    assert statuses(ours, repo) == {"lr-1": "Success", "lr-2": "Success"}
    assert repo.read("params.yaml") == "lr: 100\n"
    repo.write("params.yaml", "lr: 1\n")
    assert repo.snapshot() == before
    assert "seen lr: 2" in ours("queue", "logs", "lr-1", "-f", cwd=repo).stdout
    assert sorted(real("exp", "list", "--name-only", cwd=repo).stdout.split()) == ["lr-1", "lr-2"]
    success = ours("exp", "show", "--json", cwd=repo).json[1]["experiments"]
    assert {one["executor"]["state"] for one in success} == {"success"}
    real("exp", "apply", "lr-2", cwd=repo)
    assert repo.read("o") == "lr: 3\n"
    assert ours("queue", "remove", "--success", cwd=repo).stdout == "Removed tasks in queue: lr-1, lr-2\n"
    assert repo.git("for-each-ref", "refs/mlean") == ""


def test_run_all(repo, ours, real):
    repo.write("dvc.yaml", FILES["dvc.yaml"].replace("cat params.yaml > o;", "grep -v 3 params.yaml > o &&"))
    repo.commit("picky")
    ours("exp", "run", "--queue", "-n", "e", "-S", "lr=2,3,4", cwd=repo)
    done = ours("exp", "run", "--run-all", cwd=repo)
    assert "seen lr: 2" in done.stdout
    assert "Ran experiment(s): e-1, e-3" in done.stdout
    assert "Failed to reproduce experiment(s) 'e-2'" in done.stderr
    assert statuses(ours, repo) == {"e-1": "Success", "e-2": "Failed", "e-3": "Success"}
    failed = [one for one in ours("exp", "show", "--json", cwd=repo).json[1]["experiments"] if one["name"] == "e-2"][0]
    assert failed["executor"]["state"] == "failed" and failed["revs"][0]["error"]["msg"] == "Experiment run failed"
    assert "failed to reproduce 's'" in ours("queue", "logs", "e-2", cwd=repo).stdout
    assert real("status", "--json", cwd=repo).json != {"s": []}


def test_killed_worker(repo, ours):
    """Killed with what it runs: that counts as failed, the rest waits on."""
    repo.write("dvc.yaml", FILES["dvc.yaml"].replace("cat params.yaml > o", f"cat params.yaml > o; echo $$ > {repo.beside('pid')}; exec sleep 60"))
    repo.commit("slow")
    ours("exp", "run", "--queue", "-n", "e", "-S", "lr=2,3", cwd=repo)
    worker = ours.start("queue", "worker", cwd=repo)
    wait_for(lambda: repo.beside("pid").exists() and repo.beside("pid").read_text().strip(), what="the stage")
    assert statuses(ours, repo) == {"e-1": "Running", "e-2": "Queued"}
    assert "1 active" in ours("queue", "status", cwd=repo).stdout
    worker.kill()
    wait_for(lambda: statuses(ours, repo) == {"e-1": "Failed", "e-2": "Queued"}, what="the end of the task")
    assert is_idle(ours, repo)
    ours("exp", "clean", cwd=repo)
    left = [name for name in repo.tree(".dvc/tmp/exps/standalone") if not name.startswith("run")]
    assert left == []
    ours("queue", "remove", "--all", cwd=repo)
    assert statuses(ours, repo) == {}


def test_kill_and_stop(repo, ours):
    repo.write("dvc.yaml", FILES["dvc.yaml"].replace("cat params.yaml > o", f"cat params.yaml > o; echo $$ > {repo.beside('pid')}; exec sleep 60"))
    repo.commit("slow")
    ours("exp", "run", "--queue", "-n", "e", "-S", "lr=2,3", cwd=repo)
    ours("queue", "start", cwd=repo)
    wait_for(lambda: repo.beside("pid").exists() and repo.beside("pid").read_text().strip(), what="the stage")
    assert ours("queue", "start", cwd=repo).stdout == "Started '0' new experiments task queue worker.\n"
    ours("queue", "stop", cwd=repo)
    assert ours("queue", "kill", "e-1", cwd=repo).stdout == "e-1 has been killed.\n"
    wait_for(lambda: is_idle(ours, repo), what="the end of the worker")
    assert statuses(ours, repo) == {"e-1": "Failed", "e-2": "Queued"}


def test_refused_name(repo, ours, real):
    real("exp", "run", "-n", "one", "-S", "lr=5", cwd=repo)
    repo.git("checkout", "-q", "--", ".")
    done = [tool("exp", "run", "--queue", "-n", "one", cwd=repo, check=None) for tool in (real, ours)]
    repos.agree(*done, "text")
    ours("exp", "run", "--queue", "-f", "-n", "one", "-S", "lr=6", cwd=repo)
    ours("exp", "run", "--run-all", cwd=repo)
    assert real("exp", "diff", "HEAD", "one", "--json", cwd=repo).json["params"]["params.yaml"]["lr"]["new"] == 6
