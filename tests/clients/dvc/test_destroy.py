"""destroy: both tools leave the same files behind, and a kill in the middle loses no data of the user."""

import random
import time

import pytest

from . import faults, repos

STAGES = """\
stages:
  a:
    cmd: cat in > a
    deps: [in]
    outs: [a]
  b:
    cmd: cat a > b
    deps: [a]
    outs: [b]
    metrics: [m: {cache: false}]
""".replace("cat a > b", "cat a > b; echo 1 > m")


def fill(repo):
    repo.write("in", "1")
    repo.write("dvc.yaml", STAGES)
    repo.write("plots/dvc.yaml", "metrics: [../m]\n")  # no stage: it stays
    repo.write("sub/.dvcignore", "*.tmp\n")
    repo.write("each/dvc.yaml", "stages:\n  e:\n    foreach: [1, 2]\n    do:\n      cmd: echo ${item} > e${item}\n      outs:\n      - e${item}\n")


@pytest.fixture(params=["copy", "symlink", "hardlink"])
def pair(request, twins):
    made = twins(fill, config=f"[cache]\n    type = {request.param}\n")
    made.write("sub/folder", {"x": "1", "deep/y": "2"})
    made.run("add", "sub/folder", check=0)
    made.run("repro", "-P", check=0)
    made.commit("all")
    return made


def test_destroy(pair):
    before = pair.b.snapshot()
    for words in (["destroy"], ["destroy", "-q"]):  # not confirmed
        pair.run(*words, check=1)
    pair.run("destroy", stdin="maybe\nn\n", check=1)
    assert pair.b.snapshot() == before
    pair.run("destroy", "-f", cwd="sub", check=0)
    assert pair.a.snapshot() == pair.b.snapshot()
    assert not pair.b.exists(".dvc") and pair.b.read("a") == "1"
    assert all(what[0] != "link" for what in pair.b.snapshot().values())
    for name in ("a", "sub/folder/x"):
        pair.b.path.joinpath(name).write_text("may be written")
    pair.run("destroy", "-f", check=253)


def test_confirmed(twins):
    pair = twins(fill)
    pair.run("destroy", stdin="yes\n", check=0)
    assert pair.a.snapshot() == pair.b.snapshot()


def test_broken_file(twins):
    pair = twins(fill)
    pair.write("dvc.yaml", "stages: {")
    pair.run("destroy", "-f", compare="code", check=1)
    assert pair.a.snapshot() == pair.b.snapshot()


@pytest.mark.stricter("survive a kill at any instant")
@pytest.mark.parametrize("no_scm", [False, True], ids=["git", "no-scm"])
def test_kill(no_scm, real, ours, user_env, tmp_path):
    """Each file is there at any instant, and the second time the command ends its work."""
    chance = random.Random(f"destroy{no_scm}")
    # Outside of git, without `no_scm` in its configuration, the project could not be opened any more.
    start = repos.Repo(tmp_path / "start/repo", user_env).init(config="[cache]\n    type = symlink\n", git=not no_scm)
    faults.write_tree(start, "data", 1)
    real("add", "data", cwd=start)
    protected = faults.contents_of(start, "data")
    calm = faults.copy(start, tmp_path / "calm/repo")
    begin = time.monotonic()
    ours("destroy", "-f", cwd=calm)
    span = time.monotonic() - begin
    for number in range(8):
        # Links are absolute: the copy lies where the original was.
        (tmp_path / "start").rename(tmp_path / "kept")
        repo = faults.copy(repos.Repo(tmp_path / "kept/repo", user_env), tmp_path / "start/repo")
        process = ours.start("destroy", "-f", cwd=repo)
        process.poll(chance.uniform(0, span))
        process.kill()
        faults.nothing_lost(protected, repo.path / "data")
        if repo.exists(".dvc"):
            chance.choice([real, ours])("destroy", "-f", cwd=repo)
        assert repo.snapshot() == calm.snapshot(), f"round {number}"
        repos.remove_tree(tmp_path / "start")
        (tmp_path / "kept").rename(tmp_path / "start")
