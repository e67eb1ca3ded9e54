"""`move` refuses what would leave an unsound repository, and then changes nothing."""

import pytest


def fill(repo):
    repo.write("foo", "foo")
    repo.write("dir/bar", "bar")
    repo.write("dir/sub/baz", "baz")
    repo.write("ignored/.gitignore", "*\n")


MOVES = {
    "into-tracked-folder": ("foo", "dir"),
    "below-tracked-folder": ("foo", "dir/sub/new"),
    "folder-into-itself": ("dir", "dir/sub"),
    "git-ignored": ("foo", "ignored"),
    "git-ignored-name": ("foo", "ignored/other"),
    "no-folder": ("foo", "none/foo"),
    "no-such-folder": ("foo", "none/"),
    "no-such-output": ("none", "foo2"),
    "file-taken": ("foo", "other"),
}


@pytest.mark.parametrize("case", MOVES)
def test_refused(case, twins):
    pair = twins()
    pair.each(fill)
    pair.write("other.dvc", "outs:\n- path: elsewhere\n")
    pair.run("add", "foo", "dir", check=0)
    pair.commit()
    before = pair.b.snapshot()
    pair.run("move", *MOVES[case], check=1)
    assert pair.b.snapshot() == before
    pair.same()


@pytest.mark.parametrize("to", ["data", "data/deep/other", "."])
@pytest.mark.parametrize("source", ["relative", "absolute"])
def test_import_from_outside(source, to, twins):
    """The path of the source is written as seen from the new place."""
    pair = twins()
    pair.each(lambda repo: repo.write("../f.txt", "outside"))
    pair.each(lambda repo: repo.write("sub/keep", ""))
    pair.each(lambda repo: repo.write("data/deep/keep", ""))
    for tool, repo in zip(pair.tools, pair.repos):
        url = "../../f.txt" if source == "relative" else repo.beside("f.txt")
        tool("import-url", url, "f", cwd=repo.path / "sub")
    pair.run("move", "sub/f", to, check=0)
    if source == "relative":
        pair.same()
    for repo in pair.repos:  # the other tool finds the source
        assert [tool("update", "-R", ".", cwd=repo).returncode for tool in pair.tools] == [0, 0]


def test_stage_file_of_another_name(twins):
    """A `.dvc` file that is not named as its output stays where it is."""
    pair = twins()
    pair.each(fill)
    pair.run("add", "foo", check=0)
    pair.each(lambda repo: (repo.path / "foo.dvc").rename(repo.path / "stage.dvc"))
    pair.commit()
    pair.run("move", "foo", "dir", check=0)
    pair.same()
    pair.run("status", check=0)
