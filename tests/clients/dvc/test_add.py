"""Round trip 1: what one tool adds is clean for the other, and byte for byte what the other would have written."""

import os
import shutil
import signal
import subprocess

import pytest

from . import repos

CONTROL = {"new\nline": "1", "tab\tq\"uo\\te": "2", "bell\x07del\x7f": "3"}
SORTED = {name: name for name in ("B", "a b", "a-b", "a.txt", "a/b", "z\u2028", "é", "\uffff", "\U00010000", "\U0001f600")}

KINDS = {
    "file": {"data": "hi\n"},
    "empty-file": {"data": ""},
    "crlf": {"data": "x\r\ny\r\n"},
    "binary": {"data": bytes(range(256)) * 5000},
    "folder": {"data": {"a.txt": "hi\n", "sub/ü b.txt": "yo\n"}},
    "deep": {"data": {"/".join("abcdefghij"[:n]) + f"/f{n}": str(n) for n in range(1, 10)}},
    "controls": {"data": CONTROL},
    "sorting": {"data": SORTED},
    "dotfiles": {"data": {".hidden": "1", ".config/x": "2", "a.tmp": "3", "x.dvc.txt": "4"}},
    "same-content": {"data": {"a": "same", "b": "same", "c/d": "same"}},
}


def fill(kind):
    def write(repo):
        for name, data in KINDS[kind].items():
            repo.write(name, data)

    return write


def unchanged_in_git(repo):
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize("kind", KINDS)
def test_clean_for_the_other(kind, order, make):
    first, second = order
    repo = make()
    fill(kind)(repo)
    first("add", "data", cwd=repo)
    repo.commit("add")
    assert second("status", "--json", cwd=repo).json == {}
    assert second("data", "status", "--json", cwd=repo).json in ({}, {"unchanged": ["data"]})
    second("add", "data", cwd=repo)
    unchanged_in_git(repo)
    assert first("status", cwd=repo).stdout == "Data and pipelines are up to date.\n"


@pytest.mark.parametrize("kind", KINDS)
def test_byte_for_byte(kind, twins):
    pair = twins()
    pair.each(fill(kind))
    pair.run("add", "data", check=0)
    pair.same()


def test_empty_folder(order, make):
    first, second = order
    repo = make()
    (repo.path / "data").mkdir()
    first("add", "data", cwd=repo)
    assert "md5: d751713988987e9331980363e24189ce.dir\n  size: 0\n  nfiles: 0\n" in repo.read("data.dvc")
    assert second("status", "--json", cwd=repo).json == {}
    os.rmdir(repo.path / "data")
    second("checkout", cwd=repo)
    assert (repo.path / "data").is_dir()


def test_executable_file(order, make):
    first, second = order
    repo = make()
    repo.write("run.sh", "#!/bin/sh\n", mode=0o755)
    first("add", "run.sh", cwd=repo)
    assert "  isexec: true\n" in repo.read("run.sh.dvc")
    repo.commit()
    second("add", "run.sh", cwd=repo)
    unchanged_in_git(repo)
    repo.remove("run.sh")
    second("checkout", cwd=repo)
    assert os.access(repo.path / "run.sh", os.X_OK)


def test_executable_inside_a_folder(twins):
    pair = twins()
    pair.write("t/run.sh", "#!/bin/sh\n", mode=0o755)
    pair.write("t/x", "1")
    pair.run("add", "t", check=0)
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.objects() == pair.b.objects()


def test_link_to_a_file_inside_a_folder_is_followed(twins):
    pair = twins()
    pair.write("other.txt", "elsewhere\n")
    pair.write("t/x", "1")
    pair.each(lambda repo: os.symlink("../other.txt", repo.path / "t/link"))
    pair.run("add", "t", check=0)
    assert pair.a.tracked() == pair.b.tracked()
    assert set(pair.a.objects()) == set(pair.b.objects())
    assert pair.a.read("t/link") == pair.b.read("t/link") == "elsewhere\n"


@pytest.mark.stricter("warn of a linked folder that it leaves out")
def test_link_to_a_folder_is_told(ours, make):
    repo = make()
    repo.write("t/x", "1")
    repo.write("other/y", "2")
    os.symlink("../other", repo.path / "t/link")
    done = ours("add", "t", cwd=repo)
    assert "t/link" in done.stderr
    assert repo.read("other/y") == "2" and repo.exists("t/link"), "neither the link nor its folder is touched"


@pytest.mark.stricter("end on a FIFO")
def test_fifo_does_not_hang(ours, make):
    repo = make()
    repo.write("t/x", "1")
    os.mkfifo(repo.path / "t/pipe")
    done = ours.start("add", "t", cwd=repo).finish(20)
    assert "t/pipe" in done.stderr
    assert repo.exists("t/pipe")


@pytest.mark.stricter("add a name that is not UTF-8")
def test_name_that_is_not_utf8(ours, make):
    repo = make()
    os.makedirs(repo.path / "t")
    with open(os.fsencode(repo.path / "t") + b"/bad\xff", "w") as file:
        file.write("1")
    ours("add", "t", cwd=repo)
    (body,) = [repo.object(name).read_text() for name in [repo.read("t.dvc").split("md5: ")[1].split("\n")[0]]]
    assert body == '[{"md5": "c4ca4238a0b923820dcc509a6f75849b", "relpath": "bad\\udcff"}]'
    repos.remove_tree(repo.path / "t")
    ours("checkout", cwd=repo)
    assert os.listdir(os.fsencode(repo.path / "t")) == [b"bad\xff"]


def test_several_targets_and_glob(twins):
    pair = twins()
    pair.each(lambda repo: [repo.write(name, name) for name in ("a.csv", "b.csv", "c.txt", "sub/d.csv")])
    pair.run("add", "a.csv", "sub/d.csv", check=0)
    pair.run("add", "--glob", "*.csv", check=0)
    pair.run("add", "-q", "c.txt", check=0)
    pair.same()


def test_from_a_subfolder(twins):
    pair = twins()
    pair.write("sub/deep/x", "1")
    pair.write("y", "2")
    pair.run("add", "deep/x", "../y", cwd="sub", check=0)
    pair.same()


def test_no_commit_then_commit_by_the_other(order, make):
    first, second = order
    repo = make()
    repo.write("data", {"a": "1", "b": "2"})
    first("add", "--no-commit", "data", cwd=repo)
    assert repo.objects() == {}
    text = repo.read("data.dvc")
    assert second("status", "--json", cwd=repo).json == {"data.dvc": [{"changed outs": {"data": "not in cache"}}]}
    second("commit", "-f", cwd=repo)
    assert repo.read("data.dvc") == text
    assert len(repo.objects()) == 3
    assert first("status", "--json", cwd=repo).json == {}


def test_changed_file_is_added_again(twins):
    pair = twins()
    pair.write("data", {"a": "1", "b": "2", "c/d": "3"})
    pair.run("add", "data", check=0)
    pair.commit()
    pair.write("data/a", "changed")
    pair.write("data/new", "4")
    pair.each(lambda repo: repo.remove("data/b"))
    pair.run("status", "--json", compare="json", check=0)
    pair.run("diff", "--json", compare="json", check=0)
    pair.run("add", "data", check=0)
    pair.run("diff", "--json", "--show-hash", compare="json", check=0)
    pair.same()


@pytest.mark.parametrize("target", ["data/new", "data/c", "data/a"])
def test_inside_a_tracked_folder(twins, target):
    """Only that part of the folder's entry changes; other changes wait."""
    pair = twins()
    pair.write("data", {"a": "1", "b": "2", "c/d": "3"})
    pair.run("add", "data", check=0)
    pair.commit()
    pair.write("data/a", "changed")
    pair.write("data/new", "4")
    pair.write("data/c/e", "5")
    pair.each(lambda repo: repo.remove("data/b"))
    pair.run("add", target, check=0)
    pair.run("status", "--json", compare="json")
    assert pair.a.tracked() == pair.b.tracked()


def test_deleted_file_inside_a_tracked_folder(twins):
    pair = twins()
    pair.write("data", {"a": "1", "b": "2"})
    pair.run("add", "data", check=0)
    pair.each(lambda repo: repo.remove("data/b"))
    pair.run("add", "data/b", check=0)
    assert pair.a.tracked() == pair.b.tracked()


def test_out_of_elsewhere(twins, tmp_path):
    (tmp_path / "outside").write_text("from outside\n")
    pair = twins()
    pair.run("add", str(tmp_path / "outside"), "-o", "copy.txt", check=0)
    pair.same()
    assert pair.b.read("copy.txt") == "from outside\n"


def test_to_remote(twins, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/x").write_text("1")
    (tmp_path / "outside/y").write_text("2")
    pair = twins(config="[core]\n    remote = r\n['remote \"r\"']\n    url = ../../remote\n")
    pair.run("add", str(tmp_path / "outside"), "--to-remote", "-o", "copy", check=0)
    pair.same()
    assert not pair.b.exists("copy")
    remotes = [repo.objects(repo.beside("remote")) for repo in pair.repos]
    assert remotes[0] == remotes[1]


def test_of_a_url(twins, store, tmp_path):
    far = store.remote("http")
    far.folder.mkdir()
    (far.folder / "f.txt").write_text("far\n")
    (tmp_path / "outside/sub").mkdir(parents=True)
    for name in ("run.sh", "sub/x", "sub/same"):
        (tmp_path / "outside" / name).write_text(name[-4:])
    (tmp_path / "outside/run.sh").chmod(0o755)
    pair = twins(config="[core]\n    remote = r\n['remote \"r\"']\n    url = ../../remote\n")
    pair.write("inside", "1")
    pair.run("add", f"{far.url}/f.txt", "-o", "here.txt", check=0)
    pair.run("add", f"{far.url}/f.txt", "--to-remote", "--remote-jobs", "2", check=0)
    pair.run("add", tmp_path / "outside", "--to-remote", check=0)
    pair.run("add", tmp_path / "outside/run.sh", "-o", "run.sh", check=0)
    pair.run("add", "inside", "--to-remote", "-r", "r", check=0)
    pair.same()
    assert pair.b.read("here.txt") == "far\n" and not pair.b.exists("f.txt") and not pair.b.exists("outside")
    remotes = [repo.objects(repo.beside("remote")) for repo in pair.repos]
    assert remotes[0] == remotes[1] and len(remotes[0]) == 6
    pair.run("fetch", compare="lines", check=0)
    assert pair.a.objects() == pair.b.objects()


@pytest.mark.parametrize("words", [("nosuch", "--to-remote"), ("nosuch", "-o", "x"), ("f", "--to-remote", "-r", "nosuch"), ("f", "-r", "r"), ("f", "--remote-jobs", "2"), ("f", "g", "--to-remote"), ("f", "--to-remote", "--glob"), ("f", "-o", "g")], ids=" ".join)
def test_to_remote_refused(words, twins):
    pair = twins(config="[core]\n    remote = r\n['remote \"r\"']\n    url = ../../remote\n")
    pair.write("f", "1")
    pair.write("g", "2")
    pair.run("add", *words, check=1)
    pair.same()


IGNORES = {
    "without-last-newline": "*.log",
    "already-ignored": "data\n",
    "already-by-pattern": "*.bin\nda*\n",
    "comment-only": "# mine\n",
    "negated": "*\n!data\n",
}


@pytest.mark.parametrize("name", IGNORES)
def test_gitignore(twins, name):
    pair = twins(lambda repo: repo.write(".gitignore", IGNORES[name]))
    pair.write("data", "1")
    pair.run("add", "data", compare="code")
    assert pair.a.tracked() == pair.b.tracked()


@pytest.mark.parametrize("name", ["a b", "#x", "!x", "x*y", "[ab]", "back\\slash", "ü"])
def test_gitignore_of_strange_names(twins, name):
    pair = twins()
    pair.write(name, "1")
    pair.run("add", "--", name, check=0, compare="code")
    assert pair.a.tracked() == pair.b.tracked()


@pytest.mark.stricter("it writes the blank bare, which git takes away, so that git sees the data")
def test_gitignore_of_a_blank_at_the_end(ours, make):
    repo = make()
    repo.write("trailing ", "1")
    ours("add", "--", "trailing ", cwd=repo)
    assert repo.read(".gitignore") == "/trailing\\ \n"


def test_dvcignore(twins):
    pair = twins(lambda repo: repo.write(".dvcignore", "*.tmp\n/data/skip\n!data/keep.tmp\n"))
    pair.write("data", {"a": "1", "b.tmp": "2", "keep.tmp": "3", "skip/x": "4", "sub/skip/x": "5", "sub/c.tmp": "6"})
    pair.run("add", "data", check=0)
    pair.run("check-ignore", "-d", "data/b.tmp", "data/a", "data/keep.tmp", "data/skip/x", compare="text")
    pair.same()


def test_dvcignore_inside_a_tracked_folder_is_refused(twins):
    pair = twins()
    pair.write("data", {"a": "1", ".dvcignore": "x\n"})
    pair.run("add", "data", compare="code")
    assert not pair.b.exists("data.dvc")


def test_autostage(twins):
    pair = twins(config="[core]\n    autostage = true\n")
    pair.write("data", {"a": "1"})
    pair.run("add", "data", check=0)
    assert pair.a.git("status", "--porcelain") == pair.b.git("status", "--porcelain") != ""


def test_without_git(twins):
    pair = twins(git=False)
    pair.write("data", {"a": "1"})
    pair.run("add", "data", check=0)
    pair.same()
    assert not pair.b.exists(".gitignore")


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_modes_of_the_cache(order, make, mask):
    """Objects are 0444, by which the other tool trusts them; folders follow the umask."""
    first, second = order
    repo = make()
    repo.write("data", {"a": "1", "b/c": "2"})
    before = os.umask(mask)
    try:
        first("add", "data", cwd=repo)
    finally:
        os.umask(before)
    assert {mode for mode, _ in repo.objects().values()} == {"0o444"}
    assert second("status", "--json", cwd=repo).json == {}


def test_shared_cache(order, make):
    first, second = order
    repo = make(config="[cache]\n    shared = group\n")
    repo.write("data", {"a": "1"})
    first("add", "data", cwd=repo)
    folders = {os.stat(base).st_mode & 0o7777 for base, _, _ in os.walk(repo.path / ".dvc/cache/files/md5")}
    assert folders == {0o2775}
    assert {mode for mode, _ in repo.objects().values()} == {"0o444"}
    assert second("status", "--json", cwd=repo).json == {}


@pytest.mark.stricter("leave nothing beside the user's files when killed")
@pytest.mark.parametrize("kind", ["copy", "symlink"])
def test_killed_while_a_file_is_replaced(kind, real, ours, make, tmp_path):
    """What a kill left beside a file became a part of the folder with the next `add`."""
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    repo = make(config="[cache]\n    type = symlink\n")
    names = {f"f{number}": str(number) for number in range(20)}
    repo.write("data", names)
    words = ["add", "data"]
    if kind == "copy":
        ours("add", "data", cwd=repo)
        words = ["unprotect", "data"]
    for _ in range(3):
        trace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=rename,renameat2", "-e", "inject=rename,renameat2:signal=KILL:when=3"]
        done = subprocess.run([*trace, ours.starter.binary, *words], cwd=repo.path, env=ours.env, capture_output=True)
        assert done.returncode == -signal.SIGKILL, "killed, as meant"
        assert sorted(os.listdir(repo.path / "data")) == sorted(names)
    ours("add", "data", cwd=repo)
    assert "nfiles: 20" in repo.read("data.dvc")
    assert real("status", "--json", cwd=repo).json == {}


def test_unsupported_url(twins):
    pair = twins()
    pair.run("add", "foo://x/y", check=1)
    pair.run("get-url", "foo://x/y", check=1)
    pair.run("ls-url", "foo://x/y", check=251)
    pair.run("import-url", "foo://x/y", compare="code", check=1)
    pair.same()


def versioned(repo):
    """A folder on a remote with versions, whose files the `.dvc` names one by one."""
    repo.write("data", {"a": "1\n", "sub/b": "22\n", "c": "333\n"})
    repo.write(".gitignore", "/data\n")
    files = "".join(
        f"  - relpath: {name}\n    md5: {repos.md5(text)}\n    size: {len(text)}\n    cloud:\n      store:\n        etag: e-{name}\n        version_id: v-{name}\n"
        for name, text in (("a", b"1\n"), ("c", b"333\n"), ("sub/b", b"22\n"))
    )
    repo.write("data.dvc", f"outs:\n- path: data\n  hash: md5\n  files:\n{files}")


@pytest.mark.parametrize("words", [("add", "data"), ("commit", "-f"), ("commit", "-f", "data"), ("add", "data/a"), ("add", "data/new", "data/sub"), ("add", "--no-commit", "data")], ids=" ".join)
def test_versions_of_unchanged_files_stay(words, twins):
    pair = twins(versioned)
    pair.run("add", "data", check=0, compare="code")
    pair.same()
    pair.write("data/a", "changed\n")
    pair.write("data/new", "new\n", mode=0o644 if "data/new" in words else 0o755)  # the real tool takes that bit from a part
    pair.each(lambda repo: repo.remove("data/c"))
    pair.run(*words, check=0, compare="code")
    assert "version_id: v-sub/b\n" in pair.b.read("data.dvc")
    pair.same(objects="commit" not in words)
