"""Command lines that cannot be run: mlean ends with the real tool's status, and does nothing."""

import pytest

# Each is refused before anything is looked at: the status is the same in and outside of a project.
REFUSED = [
    "version x", "doctor x", "version --nosuch", "doctor --nosuch", "--cd", "init --nosuch", "status --jobs x", "status -c --jobs x", "push -j x", "pull -j 1.5",
    "get -j x . y", "import -j x . y", "get-url -j x a b", "exp run -j x", "queue start -j x", "gc -w --num x", "metrics show --precision x", "exp show --precision x",
    "ls . --level x", "fetch --max-size", "repro --nosuch", "destroy x", "destroy --nosuch", "exp nosuch", "remote nosuch", "studio nosuch", "add --no-such a", "-C",
    "status -q -v", "-q -v status", "-q status -v", "status -qv", "init --quiet --verbose", "version -q -v", "exp run -vq", "config -q -v core.remote", "destroy -q -v",
]  # fmt: skip
FINE = ["version -v", "version -q", "doctor -v", "status -qq", "status -vv", "-q version"]
# What DVC has and mlean leaves to it.
LEFT = ["artifacts get . a", "completion", "daemon analytics x", "dataset update x", "ds add", "du .", "import-db", "test-db", "studio login"]


@pytest.mark.parametrize("words", REFUSED)
def test_refused(words, real, ours, make, tmp_path):
    repo = make()
    for folder in (repo.path, tmp_path):
        before = repo.snapshot()
        wanted = real(*words.split(), cwd=folder, check=None)
        given = ours(*words.split(), cwd=folder, check=None)
        assert wanted.returncode in (2, 254)
        if words == "-C":  # mlean's own
            assert given.returncode == 2
        else:
            assert given.returncode == wanted.returncode, given
        assert given.stderr
        assert repo.snapshot() == before


@pytest.mark.parametrize("words", FINE)
def test_fine(words, twins):
    twins().run(*words.split(), compare="code", check=0)


@pytest.mark.stricter("say which commands mlean does not have")
@pytest.mark.parametrize("words", LEFT)
def test_left_to_dvc(words, ours, make):
    done = ours(*words.split(), cwd=make(), check=254)
    assert f"cannot run '{words}': mlean does not have this command of DVC's" in done.stderr
    assert f"fix: dvc {words}" in done.stderr


QUIET = [
    "remote add -q -d r ../r", "remote list -q", "remote modify -q r jobs 3", "remote default -q", "remote rename -q r s", "config -q core.autostage false", "config -q core.autostage",
    "config -q -l", "ls -q .", "ls -q . --tree", "ls-url -q .", "root -q", "cache dir -q", "exp show -q", "exp show -q --csv", "plots templates -q", "plots templates -q simple",
    "stage list -q", "dag -q", "status -q", "data status -q", "diff -q", "studio token -q", "config -q --global studio.token abc", "studio token -q", "remote remove -q s",
]  # fmt: skip


def test_quiet(twins):
    """-q: nothing on stdout; not even what was asked for."""
    pair = twins()
    pair.write("f", "1")
    pair.run("add", "-q", "f", check=0)
    pair.commit()
    for words in QUIET:
        pair.run(*words.split(), compare="lines")
    pair.same()


def test_without_git(twins):
    pair = twins(git=False)
    for words in ("diff", "diff --json", "diff a b", "queue status", "queue start", "queue stop", "exp clean", "exp list", "exp show", "exp diff", "metrics diff", "params diff", "gc -a -f", "install"):
        pair.run(*words.split())


@pytest.mark.parametrize("words", ["status", "status -c", "fetch", "push", "pull", "gc -w -f", "repro", "data status", "checkout"])
def test_where_a_file_is_broken(words, real, ours, make):
    """Every command shows the place, also gc and status -c, for which the real tool prints another text than for the rest."""
    repo = make()
    repo.write("dvc.yaml", "stages:\n  a:\n    cmd: x\n    deps: [in/${item}]\n")
    before = repo.snapshot()
    wanted, given = (tool(*words.split(), cwd=repo, check=None) for tool in (real, ours))
    assert given.returncode == wanted.returncode != 0
    assert "'./dvc.yaml' is invalid.\n" in given.stderr and "in line 4, column 16\n  4 │   deps: [in/${item}]" in given.stderr
    assert repo.snapshot() == before
