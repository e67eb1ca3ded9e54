"""Round trip 4: what one tool has run, the other takes from the run cache; keys and bodies are the same."""

import pytest

from . import repos
from .test_repro import CHAIN, PIPELINE, fill

CACHED = "Stage 'a' is cached - skipping run, checking out outputs"


def run_entries(repo, folder=".dvc/cache"):
    return {name: (repo.path / folder / name).read_text() for name in repo.objects(folder) if name.startswith("runs/")}


def test_entries_byte_for_byte(twins):
    pair = twins(fill(PIPELINE))
    pair.run("repro", check=0)
    assert run_entries(pair.a) == run_entries(pair.b)
    assert len(run_entries(pair.b)) >= 2


def test_clean_clone_with_the_same_cache(order, make, tmp_path):
    first, second = order
    repo = make(config=f"[cache]\n    dir = {tmp_path}/store\n")
    fill(CHAIN)(repo)
    repo.commit()
    first("repro", cwd=repo)
    lock = repo.read("dvc.lock")
    clone = repo.clone(tmp_path / "clone")
    done = second("repro", cwd=clone)
    assert repos.stage_names(done.stdout) == []
    assert done.stdout.count("is cached - skipping run, checking out outputs") == 4 and CACHED in done.stdout
    assert clone.read("dvc.lock") == lock
    assert clone.read("c.txt") == repo.read("c.txt")


def test_back_to_an_old_parameter(order, make):
    first, second = order
    repo = make()
    fill(CHAIN)(repo)
    first("repro", cwd=repo)
    repo.write("params.yaml", "k: 2\n")
    repo.write("in.txt", "new\n")
    second("repro", cwd=repo)
    repo.write("in.txt", "0\n")
    repo.write("params.yaml", "k: 1\n")
    done = second("repro", cwd=repo)
    assert repos.stage_names(done.stdout) == []
    assert first("status", "--json", cwd=repo).json == {}


def test_pushed_and_pulled(order, make, tmp_path):
    first, second = order
    repo = make(config=f"[core]\n    remote = r\n['remote \"r\"']\n    url = {tmp_path}/remote\n")
    fill(CHAIN)(repo)
    repo.commit()
    first("repro", cwd=repo)
    first("push", "--run-cache", cwd=repo)
    assert run_entries(repo, tmp_path / "remote") == run_entries(repo)
    clone = repo.clone(tmp_path / "clone")  # without dvc.lock
    second("fetch", "--run-cache", cwd=clone)
    assert run_entries(clone) == run_entries(repo)
    assert repos.stage_names(second("repro", "--pull", cwd=clone).stdout) == []
    assert clone.read("dvc.lock") == repo.read("dvc.lock")


NOT_SAVED = {
    "no-dependency": "stages:\n  a:\n    cmd: echo 1 > o\n    outs: [o]\n",
    "no-output": "stages:\n  a:\n    cmd: cat in.txt\n    deps: [in.txt]\n",
    "persist": "stages:\n  a:\n    cmd: cat in.txt > o\n    deps: [in.txt]\n    outs:\n    - o:\n        persist: true\n",
    "always-changed": "stages:\n  a:\n    cmd: cat in.txt > o\n    deps: [in.txt]\n    outs: [o]\n    always_changed: true\n",
    "uncached-output": "stages:\n  a:\n    cmd: cat in.txt > o\n    deps: [in.txt]\n    outs:\n    - o:\n        cache: false\n",
    "uncached-metric": "stages:\n  a:\n    cmd: cat in.txt > o\n    deps: [in.txt]\n    metrics:\n    - o:\n        cache: false\n",
    "parameter-only": "stages:\n  a:\n    cmd: echo 1 > o\n    params: [k]\n    outs: [o]\n",
    "two-outputs": "stages:\n  a:\n    cmd: echo 1 > o; mkdir p; echo 2 > p/q\n    params: [k]\n    outs: [p, o]\n",
}


@pytest.mark.parametrize("name", NOT_SAVED)
def test_which_stages_are_saved(name, twins):
    pair = twins(fill({"in.txt": "1\n", "params.yaml": "k: 0.1\n", "dvc.yaml": NOT_SAVED[name]}))
    pair.run("repro", check=0)
    assert run_entries(pair.a) == run_entries(pair.b)
    assert pair.a.tracked() == pair.b.tracked()


@pytest.mark.parametrize("option", ["--no-run-cache", "--no-commit"])
def test_options(option, twins):
    pair = twins(fill(CHAIN))
    pair.run("repro", option, check=0)
    assert run_entries(pair.a) == run_entries(pair.b)
    pair.each(lambda repo: repo.remove("dvc.lock"))
    pair.run("repro", option, check=0)
    pair.run("repro", check=0)
    assert run_entries(pair.a) == run_entries(pair.b)


@pytest.mark.stricter("go on when a run cache entry is broken")
def test_broken_entry_is_not_trusted(ours, make):
    repo = make()
    fill(CHAIN)(repo)
    ours("repro", cwd=repo)
    for name in run_entries(repo):
        (repo.path / ".dvc/cache" / name).chmod(0o644)
        (repo.path / ".dvc/cache" / name).write_text("cmd: [")
    repo.remove("dvc.lock")
    repo.remove("a.txt")
    done = ours("repro", cwd=repo)
    assert "a" in repos.stage_names(done.stdout)
