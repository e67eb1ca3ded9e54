"""`data status` and `diff`: what has changed between revisions, the dvc files and the workspace; both tools in one repository."""

import random
import shutil

import pytest

from . import repos

PIPELINE = "stages:\n  never:\n    cmd: echo > out.txt\n    outs: [out.txt]\n"


def fill(repo, tool):
    repo.write("data", {"a": "1\n", "b": "2\n", "sub/c": "3\n", "sub/same": "1\n"})
    repo.write("other", {"x": "x\n"})
    repo.write("file.txt", "one\n")
    repo.write("deep/file.bin", b"\0\1")
    tool("add", "data", "other", "file.txt", "deep/file.bin", cwd=repo)
    repo.commit("one")


@pytest.fixture
def repo(make, real):
    made = make()
    fill(made, real)
    return made


def nothing(repo, tool):
    pass


def edited(repo, tool):
    repo.write("data/a", "changed\n")
    repo.remove("data/b")
    repo.write("data/new", "new\n")
    repo.write("file.txt", "two\n")
    repo.remove("other")
    repo.write("untracked.txt", "u\n")


def moved(repo, tool):
    (repo.path / "data/b").rename(repo.path / "data/moved")
    (repo.path / "data/sub").rename(repo.path / "data/dir")


def added_again(repo, tool):
    edited(repo, tool)
    repo.write("other", {"y": "y\n"})
    tool("add", "data", "file.txt", "other", cwd=repo)


def committed(repo, tool):
    added_again(repo, tool)
    repo.commit("two")


def moved_output(repo, tool):
    tool("move", "data", "renamed", cwd=repo)
    tool("move", "file.txt", "deep/renamed.txt", cwd=repo)


def split(repo, tool):
    """A folder that was an output holds outputs now."""
    tool("remove", "data.dvc", cwd=repo)
    tool("add", "data/a", "data/sub", cwd=repo)


def joined(repo, tool):
    tool("remove", "deep/file.bin.dvc", cwd=repo)
    repo.git("rm", "-rqf", "--cached", "deep")
    tool("add", "deep", cwd=repo)


def folder_for_a_file(repo, tool):
    repo.remove("file.txt")
    repo.write("file.txt", {"in": "it\n"})
    repo.remove("other")
    repo.write("other", "a file\n")


def no_folder_object(repo, tool):
    repo.object("e0e1a8c1f4b0c5f2d0a7a4d0c4fd3ad5").parent.mkdir(exist_ok=True)
    for line in repo.read("data.dvc").splitlines():
        if "md5: " in line and ".dir" in line:
            repo.object(line.split()[-1]).unlink()


def no_objects(repo, tool):
    repos.remove_tree(repo.path / ".dvc/cache")


def one_object_gone(repo, tool):
    repo.object(repos.md5(b"2\n")).unlink()
    repo.object(repos.md5(b"one\n")).unlink()


def never_run(repo, tool):
    repo.write("dvc.yaml", PIPELINE)
    repo.commit("pipeline")


def never_run_but_there(repo, tool):
    never_run(repo, tool)
    repo.write("out.txt", "by hand\n")


def no_files(repo, tool):
    for name in ("data", "other", "file.txt", "deep/file.bin"):
        repo.remove(name)


def removed(repo, tool):
    tool("remove", "data.dvc", "--outs", cwd=repo)


def ignored(repo, tool):
    repo.write(".dvcignore", "*.tmp\n/data/sub\n")
    repo.write("data/x.tmp", "t\n")


CHANGES = [nothing, edited, moved, added_again, committed, moved_output, split, joined, folder_for_a_file, no_folder_object, no_objects,
           one_object_gone, never_run, never_run_but_there, no_files, removed, ignored]
STATUS = [("--json",), ("--granular", "--unchanged", "--json"), ("--granular", "--untracked-files", "--json")]
DIFF = [("--json", "--show-hash"), ("HEAD~1", "--json"), ("HEAD~1", "HEAD", "--json", "--show-hash"), ("--targets", "data", "file.txt", "--json"), ("--hide-missing", "--json")]


def unordered(text):
    return repos.sorted_json(text)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_data_status(change, repo, real, ours):
    change(repo, real)
    # For an output that was split the real tool tells files of the old one even when it is not asked for files.
    for words in STATUS[1:] if change is split else STATUS:
        repos.agree(real("data", "status", *words, cwd=repo, check=None), ours("data", "status", *words, cwd=repo, check=None), "json")
    repos.agree(real("data", "status", "--granular", cwd=repo), ours("data", "status", "--granular", cwd=repo), "lines")


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_diff(change, repo, real, ours):
    change(repo, real)
    for words in DIFF:
        repos.agree(real("diff", *words, cwd=repo, check=None), ours("diff", *words, cwd=repo, check=None), "json")
    repos.agree(real("diff", cwd=repo), ours("diff", cwd=repo), "text")


def test_diff_as_a_table(repo, real, ours):
    added_again(repo, real)
    for words in (("--md",), ("--md", "--show-hash"), ("--show-hash",)):
        repos.agree(real("diff", *words, cwd=repo), ours("diff", *words, cwd=repo), "text")


def test_before_the_first_commit(tmp_path, user_env, real, ours):
    repo = repos.Repo(tmp_path / "repo", user_env)
    repo.path.mkdir()
    repo.git("init", "-q")
    real("init", cwd=repo)
    for _ in range(2):
        for words in (("data", "status"), ("data", "status", "--json"), ("diff",), ("diff", "--json")):
            repos.agree(real(*words, cwd=repo, check=None), ours(*words, cwd=repo, check=None), "lines")
        repo.write("file", "1\n")
        real("add", "file", cwd=repo)


def test_without_git(make, real, ours):
    repo = make(git=False)
    repo.write("file", "1\n")
    real("add", "file", cwd=repo)
    repo.write("file", "2\n")
    for words in (("data", "status"), ("data", "status", "--json", "--unchanged")):
        repos.agree(real(*words, cwd=repo, check=None), ours(*words, cwd=repo, check=None), "lines")


def test_in_a_folder(repo, real, ours):
    edited(repo, real)
    repo.write("deep/u", "u")
    for words in (("data", "status", "--granular", "--untracked-files"), ("diff",), ("diff", "--targets", "file.bin")):
        repos.agree(real(*words, cwd=repo.path / "deep"), ours(*words, cwd=repo.path / "deep"), "lines")


def test_wrong_use(repo, real, ours):
    for words in (("diff", "nosuch"), ("diff", "--targets", "nosuch"), ("diff", "a", "b", "c"), ("data", "status", "--untracked-files", "some"), ("data", "nosuch")):
        repos.agree(real(*words, cwd=repo, check=None), ours(*words, cwd=repo, check=None), "code")


def test_random_edits(repo, real, ours):
    """After each of a few random edits both tools tell the same."""
    dice = random.Random(4)
    names = ["data/a", "data/b", "data/n1", "data/sub/n2", "file.txt", "other/x"]
    for step in range(8):
        for _ in range(dice.randint(1, 3)):
            name = dice.choice(names)
            if repo.exists(name) and dice.random() < 0.4:
                repo.remove(name)
            elif (repo.path / name).parent.is_dir():
                repo.write(name, f"{dice.randint(1, 4)}\n")
        if dice.random() < 0.4:
            real("add", "data", cwd=repo)
        if dice.random() < 0.3:
            repo.commit(f"step {step}")
        for words in (("data", "status", "--granular", "--unchanged", "--json"), ("diff", "--json", "--show-hash"), ("data", "status", "--json")):
            repos.agree(real(*words, cwd=repo), ours(*words, cwd=repo), "json")


def test_not_in_remote(repo, real, ours):
    for words in (("--not-in-remote", "--json"), ("--not-in-remote", "--granular", "--json")):
        repos.agree(real("data", "status", *words, cwd=repo, check=None), ours("data", "status", *words, cwd=repo, check=None), "json")
    repo.config(f"[core]\n    remote = r\n['remote \"r\"']\n    url = {repo.beside('store')}\n['remote \"other\"']\n    url = {repo.beside('other')}\n")
    real("push", "data", "file.txt", cwd=repo)
    repo.write("data/a", "changed\n")
    real("add", "data", cwd=repo)
    for words in ((), ("--granular",), ("-r", "other"), ("--granular", "data"), ("--granular", "--no-remote-refresh")):
        repos.agree(real("data", "status", "--not-in-remote", "--json", *words, cwd=repo), ours("data", "status", "--not-in-remote", "--json", *words, cwd=repo), "json")


def test_folders_that_only_the_remote_has(repo, real, ours):
    repo.config(f"[core]\n    remote = r\n['remote \"r\"']\n    url = {repo.beside('store')}\n")
    real("push", cwd=repo)
    clone = repo.clone(repo.beside("clone"))
    clone.config(repo.read(".dvc/config"))
    for words in (("data", "status", "--granular", "--json"), ("diff", "--json")):
        repos.agree(ours(*words, cwd=clone), real(*words, cwd=clone), "json")


def test_nothing_is_written(repo, ours):
    edited(repo, ours)
    before = repo.snapshot(), repo.objects()
    shutil.rmtree(repo.path / ".dvc/tmp/mlean", ignore_errors=True)
    ours("data", "status", "--granular", "--unchanged", "--json", cwd=repo)
    ours("diff", cwd=repo)
    assert (repo.snapshot(), repo.objects()) == before


def test_a_link_to_nothing(twins):
    """The folder is another one, though nobody can say which; it is neither gone, nor are its files."""
    pair = twins()
    pair.write("data", {"a": "1", "b": "2"})
    pair.run("add", "data", check=0)
    pair.commit()
    pair.each(lambda repo: (repo.path / "data/link").symlink_to("nowhere"))
    for words in (["data", "status", "--granular", "--unchanged", "--json"], ["data", "status", "--json"], ["diff", "--json"]):
        pair.run(*words, compare="json", check=0)
    for words in (["status"], ["add", "data"], ["commit", "-f"]):
        for tool, repo in zip(pair.tools, pair.repos):
            done = tool(*words, cwd=repo, check=None)
            assert done.returncode > 0 and "data" in done.stderr, done
    pair.run("checkout", compare="lines", check=0)
    pair.same()


def test_files_and_folders_take_each_others_place(twins):
    pair = twins()
    pair.write("data", {"a": "1", "sub/b": "2", "sub/c": "3", "top": "4"})
    pair.run("add", "data", check=0)
    pair.commit()
    pair.each(lambda repo: (repo.remove("data/sub"), repo.remove("data/top")))
    pair.write("data", {"sub": "5", "top/d": "6", "top/e": "1"})
    for words in (["data", "status", "--granular", "--unchanged", "--json"], ["diff", "--json", "--show-hash"]):
        pair.run(*words, compare="json")
    pair.run("add", "data")
    for words in (["data", "status", "--granular", "--unchanged", "--json"], ["diff", "--json", "--show-hash"]):
        pair.run(*words, compare="json")


def test_an_output_below_one_of_before(twins):
    """The real tool tells what lies below two outputs twice."""
    pair = twins()
    pair.write("data", {"a": "1", "sub/b": "2"})
    pair.run("add", "data", check=0)
    pair.write("same", "2")
    pair.run("add", "same")
    pair.commit()
    pair.run("remove", "data.dvc", "same.dvc")
    pair.each(lambda repo: repo.remove("same"))
    pair.write("data/sub/new", "2")
    pair.run("add", "data/sub/new")
    pair.run("diff", "--json", compare="json")
    pair.run("data", "status", "--granular", "--json", compare="json")


def test_revision_by_its_message(twins):
    """`:/text`, the newest commit whose message matches."""
    pair = twins()
    pair.commit("first step")
    pair.write("f", "1")
    pair.run("add", "f", check=0)
    pair.commit("second step")
    pair.run("diff", ":/first", check=0)
    pair.run("diff", ":/first", ":/second", "--json", check=0)
    pair.run("diff", ":/nosuch", check=1)
    pair.run("metrics", "diff", ":/first", check=0)
    pair.run("gc", "--rev", ":/first", "-f", check=0)
