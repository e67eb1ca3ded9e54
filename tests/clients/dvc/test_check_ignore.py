"""`check-ignore`: which paths .dvcignore hides, and why."""

import pytest

from . import repos

CASES = [
    ("x.tmp",), ("x.tmp", "y"), ("-d", "x.tmp", "keep.tmp", "y"), ("-d", "-a", "keep.tmp", "sub/a.log"), ("-d", "-n", "y", "x.tmp"), ("-q", "x.tmp"), ("-q", "y"),
    ("dir",), ("dir/in/it",), ("sub/x.tmp",), ("-d", "sub/local"), (".git",), ("-d", ".dvc/tmp/x"), ("nested",), ("-d", "nested/file"), ("{}/x.tmp",), ("../outside",),
    (), ("-n", "y"), ("-a", "y"), ("--stdin", "x"), ("-d", "-q", "x"),
]


@pytest.fixture
def repo(make):
    made = make()
    made.write(".dvcignore", "*.tmp\n!keep.tmp\ndir/\n# comment\n\nlogs/**\n")
    made.write("sub/.dvcignore", "local\n*.log\n")
    made.write("dir/in/it", "1")
    made.write("nested/.dvc/config", "")
    made.write("nested/file", "1")
    return made


@pytest.mark.parametrize("words", CASES, ids=lambda words: " ".join(words) or "nothing")
def test_paths(words, repo, real, ours):
    words = [word.format(repo.path) for word in words]
    repos.agree(real("check-ignore", *words, cwd=repo, check=None), ours("check-ignore", *words, cwd=repo, check=None), "text")


def test_in_a_folder(repo, real, ours):
    for words in (("local", "x.tmp", "../x.tmp"), ("-d", "local", "a.log", "b")):
        repos.agree(real("check-ignore", *words, cwd=repo.path / "sub", check=None), ours("check-ignore", *words, cwd=repo.path / "sub", check=None), "text")
