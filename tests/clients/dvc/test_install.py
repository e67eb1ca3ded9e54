"""`install`: git hooks and the merge driver; `init` with its options; the version that editors ask for."""

import os
import pathlib
import subprocess

import pytest

from . import conftest, repos


def test_hooks(make, ours):
    repo = make()
    ours("install", cwd=repo)
    for name in ("pre-commit", "pre-push", "post-checkout"):
        hook = repo.path / ".git/hooks" / name
        assert os.access(hook, os.X_OK) and f"git-hook {name}" in hook.read_text()
    assert "git-hook merge-driver" in repo.git("config", "merge.dvc.driver")
    again = ours("install", cwd=repo, check=None)
    assert again.returncode == 1 and "Hook 'post-checkout' already exists" in again.stderr


def test_the_other_tool_finds_them(make, order):
    first, second = order
    repo = make()
    first("install", cwd=repo)
    again = second("install", cwd=repo, check=None)
    assert again.returncode == 1 and "already exists" in again.stderr


def test_pre_commit_tool(twins):
    pair = twins()
    pair.write(".pre-commit-config.yaml", "# hooks\nrepos:\n- repo: local\n  hooks: [] # none yet\n")
    pair.run("install", "--use-pre-commit-tool", check=0)
    assert pair.a.read(".pre-commit-config.yaml") == pair.b.read(".pre-commit-config.yaml")
    pair.run("install", "--use-pre-commit-tool", check=0)
    assert pair.a.read(".pre-commit-config.yaml") == pair.b.read(".pre-commit-config.yaml")


def test_post_checkout(make, ours):
    repo = make()
    repo.write("data", "1\n")
    ours("add", "data", cwd=repo)
    repo.commit("one")
    repo.write("data", "2\n")
    ours("add", "data", cwd=repo)
    repo.commit("two")
    repo.git("checkout", "-q", "HEAD~1")
    ours("git-hook", "post-checkout", "a", "b", "0", cwd=repo)
    assert repo.read("data") == "2\n", "a file was checked out"
    ours("git-hook", "post-checkout", "a", "b", "1", cwd=repo)
    assert repo.read("data") == "1\n"


def branches(repo, tool, ours_change, theirs_change):
    repo.write(".gitattributes", "*.dvc merge=dvc\n")
    repo.write("data", {"a": "1\n", "b": "2\n"})
    tool("add", "data", cwd=repo)
    repo.commit("base")
    for name, change in (("theirs", theirs_change), ("ours", ours_change)):
        repo.git("checkout", "-q", "-B", name, "main")
        tool("checkout", cwd=repo)
        for file, text in change.items():
            repo.write(f"data/{file}", text)
        tool("add", "data", cwd=repo)
        repo.commit(name)


def merge(repo, tool):
    """What git would do, by hand."""
    for name, revision in (("anc", "main"), ("our", "ours"), ("their", "theirs")):
        (repo.path / f".{name}").write_text(repo.git("show", f"{revision}:data.dvc"))
    return tool("git-hook", "merge-driver", "--ancestor", ".anc", "--our", ".our", "--their", ".their", cwd=repo, check=None)


def test_merge_driver(make, real, ours):
    repo = make()
    branches(repo, real, {"c": "3\n", "a": "ours\n"}, {"d": "4\n"})
    assert merge(repo, real).returncode == 0
    wanted = (repo.path / ".our").read_text()
    assert merge(repo, ours).returncode == 0
    assert (repo.path / ".our").read_text() == wanted


def test_merge_conflict(make, real, ours):
    repo = make()
    branches(repo, real, {"a": "ours\n"}, {"a": "theirs\n"})
    repos.agree(merge(repo, real), merge(repo, ours), "code")
    assert "a" in merge(repo, ours).stderr


OUT = "outs:\n- md5: {0}\n  size: 1\n  nfiles: 1\n  hash: md5\n  path: data\n"
MERGES = {  # ancestor, ours, theirs; A, B, C: folders
    "theirs-is-new": ("", "", "A"),
    "ours-is-new": ("", "A", ""),
    "both-are-new": ("", "A", "B"),
    "ours-is-gone": ("A", "", "B"),
    "theirs-is-gone": ("A", "B", ""),
    "other-options": ("A", "A", "B  cache: false\n"),
    "other-path": ("", "A", "B  desc: x\n"),
    "two-outputs": ("A", "A- path: x\n", "B"),
    "import": ("A", "Adeps:\n- path: x\n", "B"),
    "a-file": ("A", "A", "F"),
    "our-file": ("", "F", "A"),
    "description": ("Adesc: a\n", "Adesc: b\n", "Bdesc: c\n"),
}


@pytest.mark.parametrize("case", MERGES)
def test_what_is_merged(case, twins):
    """A file that one branch does not have is empty for the driver."""
    pair = twins()
    pair.each(lambda repo: [repo.write(f"{name}/{name}", name) for name in "ABC"])
    pair.run("add", "A", "B", "C", check=0)
    ids = {name: pair.b.read(f"{name}.dvc").split()[3] for name in "ABC"} | {"F": "0cc175b9c0f1b6a831c399e269772661"}
    for role, text in zip(("anc", "our", "their"), MERGES[case]):
        pair.write(f".{role}", text and OUT.format(ids[text[0]]) + text[1:])
    pair.run("git-hook", "merge-driver", "--ancestor", ".anc", "--our", ".our", "--their", ".their")
    assert pair.a.read(".our") == pair.b.read(".our")


INITS = [(), ("-q",), ("-f",), ("--no-scm",), ("--subdir",), ("--no-scm", "--subdir"), ("--no-scm", "-f"), ("-v",)]


@pytest.mark.parametrize("words", INITS, ids=lambda words: " ".join(words) or "plain")
@pytest.mark.parametrize("place", ["git", "git-folder", "bare", "again"])
def test_init(words, place, real, ours, user_env, tmp_path):
    done = []
    for name, tool in (("real", real), ("ours", ours)):
        repo = repos.Repo(tmp_path / name / "repo", user_env)
        (repo.path / "sub").mkdir(parents=True)
        if place != "bare":
            repo.git("init", "-q")
        if place == "again":
            tool("init", cwd=repo)
        done.append((tool("init", *words, cwd=repo.path / ("sub" if place == "git-folder" else "."), check=None), repo))
    (one, a), (other, b) = done
    repos.agree(one, other, "code")
    assert a.snapshot() == b.snapshot()


def test_version_for_editors(tmp_path):
    binary = conftest.subject()
    if conftest.is_dvc(binary):
        pytest.skip("about mlean")
    link = tmp_path / "dvc"
    link.symlink_to(binary)
    version = subprocess.run([link, "--version"], capture_output=True, text=True, check=True).stdout
    assert version == "3.67.1\n"
    own = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    assert subprocess.run([link, "-V"], capture_output=True, text=True, check=True).stdout == version
    assert own != version and own == subprocess.run([pathlib.Path(binary), "version"], capture_output=True, text=True, check=True).stdout
