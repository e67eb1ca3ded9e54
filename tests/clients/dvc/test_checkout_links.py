"""Round trip 2: `checkout` of what the other tool has cached, with each link type; and never a lost file."""

import os
import stat

import pytest

from . import repos

LINKS = ["copy", "hardlink", "symlink", "reflink,copy"]
DATA = {"a.txt": "hi\n", "sub/ü b.txt": "yo\n", "sub/deep/c": "c" * 5000, "empty": "", "x y'z": "quote"}


def link_of(repo, name):
    file = repo.path / name
    if file.is_symlink():
        return "symlink"
    return "hardlink" if file.stat().st_nlink > 1 else "copy"


@pytest.mark.parametrize("link", LINKS)
def test_restores_what_was_deleted(link, order, make):
    first, second = order
    repo = make(config=f"[cache]\n    type = \"{link}\"\n")
    repo.write("data", DATA)
    repo.write("one.bin", b"\0\1\2")
    before = repos.content(repo.path / "data")
    first("add", "data", "one.bin", cwd=repo)
    repo.commit()
    repo.remove("data")
    repo.remove("one.bin")
    second("checkout", cwd=repo)
    assert repos.content(repo.path / "data") == before
    assert (repo.path / "one.bin").read_bytes() == b"\0\1\2"
    wanted = "copy" if "reflink" in link else link
    assert link_of(repo, "data/a.txt") == wanted
    assert link_of(repo, "one.bin") == wanted
    assert {mode for mode, _ in repo.objects().values()} == {"0o444"}
    for tool in order:
        assert tool("status", "--json", cwd=repo).json == {}
        assert tool("checkout", cwd=repo).stdout == ""
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize("link", LINKS)
def test_same_tree(link, twins):
    """Kinds of links, modes and targets are those of the real tool."""
    pair = twins(config=f"[cache]\n    type = \"{link}\"\n")
    pair.write("data", DATA)
    # With links the real tool makes the object in the cache executable, which it then no longer trusts; ours copies such a file.
    linked = link in ("hardlink", "symlink")
    pair.write("run.sh", "#!/bin/sh\n", mode=0o644 if linked else 0o755)
    pair.run("add", "data", "run.sh", check=0)
    pair.commit()

    def shapes(repo):
        found = {}
        for name in [*(f"data/{key}" for key in DATA), "run.sh"]:
            status = os.lstat(repo.path / name)
            found[name] = (link_of(repo, name), oct(stat.S_IMODE(status.st_mode)), status.st_nlink)
        return found

    assert shapes(pair.a) == shapes(pair.b)
    pair.each(lambda repo: repo.remove("data"))
    pair.each(lambda repo: repo.remove("run.sh"))
    pair.run("checkout", check=0)
    assert shapes(pair.a) == shapes(pair.b)
    pair.same() if link != "symlink" else None
    if link == "symlink":
        assert os.readlink(pair.b.path / "data/a.txt").startswith(str(pair.b.path / ".dvc/cache/files/md5/"))


@pytest.mark.parametrize("link", ["hardlink", "symlink"])
def test_unprotect(link, order, make):
    first, second = order
    repo = make(config=f"[cache]\n    type = {link}\n")
    repo.write("data", DATA)
    first("add", "data", cwd=repo)
    second("unprotect", "data", cwd=repo)
    assert link_of(repo, "data/a.txt") == "copy"
    assert os.access(repo.path / "data/a.txt", os.W_OK)
    (repo.path / "data/a.txt").write_text("changed")
    assert first("status", "--json", cwd=repo).json == {"data.dvc": [{"changed outs": {"data": "modified"}}]}
    assert repo.object("764efa883dda1e11db47671c4a3bbd9e").read_text() == "hi\n"


@pytest.mark.parametrize("links", [("copy", "hardlink"), ("hardlink", "symlink"), ("symlink", "copy")])
def test_relink(links, order, make):
    first, second = order
    repo = make(config=f"[cache]\n    type = {links[0]}\n")
    repo.write("data", DATA)
    first("add", "data", cwd=repo)
    second("config", "cache.type", links[1], cwd=repo)
    second("checkout", "--relink", cwd=repo)
    assert link_of(repo, "data/sub/deep/c") == links[1]
    assert first("status", "--json", cwd=repo).json == {}


def two_versions(repo, tool):
    """main: version 2; the tag `old`: version 1."""
    repo.write("data", {"a": "1", "b": "2", "old/x": "3"})
    repo.write("file", "one\n")
    tool("add", "data", "file", cwd=repo)
    repo.commit("one")
    repo.git("tag", "old")
    repo.write("data", {"a": "changed", "new/y": "4"})
    repo.remove("data/old")
    repo.write("file", "two\n")
    tool("add", "data", "file", cwd=repo)
    repo.commit("two")


def test_versions(order, make):
    first, second = order
    repo = make()
    two_versions(repo, first)
    new = repos.content(repo.path / "data")
    repo.git("checkout", "-q", "old")
    second("checkout", cwd=repo)
    assert repos.content(repo.path / "data") == {"a": repos.md5(b"1"), "b": repos.md5(b"2"), "old/x": repos.md5(b"3")}
    assert repo.read("file") == "one\n"
    repo.git("checkout", "-q", "main")
    first("checkout", cwd=repo)
    assert repos.content(repo.path / "data") == new
    assert second("status", "--json", cwd=repo).json == {}


# Not --summary: the real tool counts a removed folder as a file.
@pytest.mark.parametrize("options", [(), ("data",), ("data/a",), ("file.dvc",), ("-q",)])
def test_what_is_printed(options, twins):
    pair = twins()
    for tool, repo in zip(pair.tools, pair.repos):
        two_versions(repo, tool)
    pair.each(lambda repo: repo.git("checkout", "-q", "old"))
    pair.run("checkout", *options, compare="lines", check=0)
    assert pair.a.snapshot() == pair.b.snapshot()


def test_output_that_is_gone_from_the_stages(twins):
    """`checkout` takes away what it had put there and no stage owns any more, but not what the user has changed since."""
    pair = twins(lambda repo: repo.write(".gitignore", "/data\n/file\n"))
    pair.write("data", {"a": "1"})
    pair.write("file", "x")
    pair.run("add", "data", "file", check=0)
    pair.each(lambda repo: [repo.remove(name) for name in ("data", "file")])
    pair.run("checkout", check=0)
    pair.each(lambda repo: [repo.remove(f"{name}.dvc") for name in ("data", "file")])
    pair.write("file", "changed by the user")
    pair.run("checkout", compare="lines")
    assert pair.a.snapshot() == pair.b.snapshot()
    assert pair.b.read("file") == "changed by the user"


UNSAVED = {
    "file": lambda repo: repo.write("file", "precious"),
    "in-folder": lambda repo: repo.write("data/a", "precious"),
    "new-in-folder": lambda repo: repo.write("data/precious", "precious"),
    "file-for-folder": lambda repo: (repo.remove("data"), repo.write("data", "precious")),
    "folder-for-file": lambda repo: (repo.remove("file"), repo.write("file/precious", "precious")),
}


@pytest.mark.parametrize("change", UNSAVED)
def test_unsaved_work_is_not_overwritten(change, twins):
    pair = twins()
    for tool, repo in zip(pair.tools, pair.repos):
        two_versions(repo, tool)
    pair.each(UNSAVED[change])
    pair.each(lambda repo: repo.git("checkout", "-q", "old"))
    pair.run("checkout", compare="code", check=255)
    assert any("precious" == repos_text for repos_text in texts(pair.b)), "the user's file is still there"
    pair.run("checkout", "-f", compare="code", check=0)
    assert pair.a.snapshot() == pair.b.snapshot()


def texts(repo):
    return [repo.read(name) for name, what in repo.snapshot().items() if what[0] == "file" and not name.startswith(".")]


def test_missing_objects(twins):
    pair = twins()
    pair.write("data", {"a": "1", "b": "2"})
    pair.write("file", "x")
    pair.run("add", "data", "file", check=0)
    pair.commit()
    pair.each(lambda repo: [repo.remove("data"), repo.remove("file"), repo.object(repos.md5(b"1")).unlink(), repo.object(repos.md5(b"x")).unlink()])
    pair.run("status", "--json", compare="json")
    pair.run("data", "status", "--json", "--granular", compare="json")
    pair.run("checkout", compare="code", check=255)
    pair.run("checkout", "--allow-missing", compare="code", check=0)
    assert pair.a.snapshot() == pair.b.snapshot()


def test_executable_bit_comes_back(order, make):
    first, second = order
    repo = make()
    repo.write("run.sh", "#!/bin/sh\n", mode=0o755)
    first("add", "run.sh", cwd=repo)
    (repo.path / "run.sh").chmod(0o644)
    second("checkout", cwd=repo)
    repo.remove("run.sh")
    second("checkout", cwd=repo)
    assert os.access(repo.path / "run.sh", os.X_OK)


def test_file_becomes_folder_and_back(order, make):
    first, second = order
    repo = make()
    repo.write("thing", "a file")
    first("add", "thing", cwd=repo)
    repo.commit()
    repo.git("tag", "as-file")
    repo.remove("thing")
    repo.write("thing/inside", "a folder")
    first("add", "thing", cwd=repo)
    repo.commit()
    repo.git("checkout", "-q", "as-file")
    second("checkout", cwd=repo)
    assert repo.read("thing") == "a file"
    repo.git("checkout", "-q", "main")
    second("checkout", cwd=repo)
    assert repo.read("thing/inside") == "a folder"


def test_cache_elsewhere(order, make, tmp_path):
    first, second = order
    repo = make()
    first("cache", "dir", tmp_path / "store", cwd=repo)
    repo.write("data", DATA)
    first("add", "data", cwd=repo)
    assert not repo.exists(".dvc/cache") or repo.objects() == {}
    repo.remove("data")
    second("checkout", cwd=repo)
    assert repos.content(repo.path / "data") == {name: repos.md5(text.encode()) for name, text in DATA.items()}


@pytest.mark.stricter("verify an object that is writable before it is linked")
def test_corrupted_writable_object_is_not_linked(ours, make):
    repo = make()
    repo.write("file", "sound")
    ours("add", "file", cwd=repo)
    repo.remove("file")
    stored = repo.object(repos.md5(b"sound"))
    stored.chmod(0o644)
    stored.write_text("rotten")
    done = ours("checkout", cwd=repo, check=None)
    assert done.returncode != 0
    assert not repo.exists("file")
    # The rotten object is taken out of the cache, as the real tool does when it finds one.
    assert ours("status", "--json", cwd=repo).json == {"file.dvc": [{"changed outs": {"file": "not in cache"}}]}


@pytest.mark.stricter("keep what is behind a link, with --force too")
@pytest.mark.parametrize("link", ["data", "data/deep"])
def test_force_takes_nothing_behind_a_link(link, ours, make, tmp_path):
    """Of the folder itself the link goes; behind one above it nothing is done. The real dvc empties the folder that it leads to: it is not asked."""
    repo = make()
    repo.write("dvc.yaml", "stages:\n  s:\n    cmd: mkdir -p data/deep && echo 1 > data/deep/a\n    outs: [data/deep]\n")
    ours("repro", cwd=repo)
    elsewhere = tmp_path / "elsewhere"
    (repo.path / link).rename(elsewhere)
    (repo.path / link).symlink_to(elsewhere)
    precious = elsewhere / ("deep/b" if link == "data" else "b")
    precious.write_text("precious")
    above = link == "data"
    done = ours("checkout", "-f", cwd=repo, check=255 if above else 0)
    assert precious.read_text() == "precious"
    assert ("'data' is a link" in done.stderr) == above == (repo.path / link).is_symlink()
    assert repo.read("data/deep/a") == "1\n"


def test_part_that_the_folder_does_not_have(twins):
    """A path inside of a tracked folder that has nothing there: what is there goes, when it is kept somewhere."""
    pair = twins(lambda repo: repo.write("data/f", "1"))
    pair.each(lambda repo: repo.git("rm", "-rq", "--cached", "data"))
    pair.run("add", "data", check=0)
    pair.each(lambda repo: (repo.path / "data/empty").mkdir())
    pair.run("checkout", "data/empty", check=0)
    assert not pair.b.exists("data/empty")
    pair.run("checkout", "data/none", check=0)
    pair.run("checkout", "data/none/x", check=0)
    pair.write("data/new", "precious")
    pair.run("checkout", "data/new", check=255)
    pair.run("checkout", "-f", "data/new", check=0)
    pair.same()
