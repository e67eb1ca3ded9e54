"""Round trip 8: imports from a repository, a file and a server, updated by the other tool; the stage's `md5` is checked by it."""

import os

import pytest

from . import client, repos, storage


@pytest.fixture
def registry(tmp_path, user_env, real):
    """A repository with data, tags v1 and v2 (main), and its cache."""
    repo = repos.Repo(tmp_path / "registry", user_env).init()
    repo.write("data", {"1": "1\n", "2": "2\n"})
    repo.write("sub/file.txt", "one\n")
    repo.write("plain/readme.md", "in git\n")
    repo.write("params.yaml", "k: 1\n")
    real("add", "data", "sub/file.txt", cwd=repo)
    repo.commit("v1")
    repo.git("tag", "v1")
    repo.write("data/3", "3\n")
    repo.write("sub/file.txt", "two\n")
    real("add", "data", "sub/file.txt", cwd=repo)
    repo.commit("v2")
    repo.git("tag", "v2")
    return repo


IMPORTS = {
    "folder": ("import", "{registry}", "data"),
    "file": ("import", "{registry}", "sub/file.txt"),
    "in-folder": ("import", "{registry}", "data/1"),
    "by-tag": ("import", "{registry}", "data", "--rev", "v1"),
    "renamed": ("import", "{registry}", "data", "-o", "mine"),
    "from-git": ("import", "{registry}", "plain/readme.md"),
    "folder-from-git": ("import", "{registry}", "plain"),
    "no-download": ("import", "{registry}", "data", "--no-download"),
    "no-exec": ("import", "{registry}", "data", "--no-exec"),
    "url-file": ("import-url", "{outside}/f.txt"),
    "url-file-renamed": ("import-url", "{outside}/f.txt", "mine.txt"),
    "url-folder": ("import-url", "{outside}/d"),
    "url-no-download": ("import-url", "{outside}/f.txt", "--no-download"),
    "url-no-exec": ("import-url", "{outside}/f.txt", "--no-exec"),
}


@pytest.fixture
def outside(tmp_path):
    repos.Repo(tmp_path / "outside", {}).write("f.txt", "outside\n")
    repos.Repo(tmp_path / "outside", {}).write("d", {"x": "1", "y/z": "2"})
    return tmp_path / "outside"


def words_of(name, registry, outside):
    return [word.format(registry=registry.path, outside=outside) for word in IMPORTS[name]]


@pytest.mark.parametrize("name", IMPORTS)
def test_byte_for_byte(name, twins, registry, outside):
    pair = twins()
    pair.run(*words_of(name, registry, outside), check=0, compare="code")
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.snapshot() == pair.b.snapshot()


@pytest.mark.parametrize("name", ["folder", "file", "by-tag", "no-download", "url-file", "url-folder"])
def test_clean_for_the_other(name, order, make, registry, outside):
    first, second = order
    repo = make()
    first(*words_of(name, registry, outside), cwd=repo)
    repo.commit()
    status = second("status", "--json", cwd=repo).json
    assert "changed checksum" not in str(status)
    assert status == {} or name in ("by-tag", "no-download", "url-no-download")
    if name == "no-download":
        second("pull", cwd=repo)
        assert repos.content(repo.path / "data") == repos.content(registry.path / "data")


def test_update(order, make, registry):
    first, second = order
    repo = make()
    first("import", registry, "data", "--rev", "v1", cwd=repo)
    repo.commit()
    second("update", "--rev", "v2", "data.dvc", cwd=repo)
    assert repo.read("data/3") == "3\n"
    assert first("status", "--json", cwd=repo).json == {}
    assert "rev: v2\n" in repo.read("data.dvc")


def test_update_byte_for_byte(twins, registry):
    pair = twins()
    pair.run("import", registry.path, "data", "-o", "all", check=0, compare="code")
    pair.run("import", registry.path, "sub/file.txt", "--rev", "v1", check=0, compare="code")
    registry.write("data/4", "4\n")
    registry.sh("true")
    pair.run("update", "all.dvc", check=0, compare="code")
    pair.run("update", "--rev", "v2", "file.txt.dvc", check=0, compare="code")
    pair.run("update", "--no-download", "--rev", "v1", "file.txt.dvc", check=0, compare="code")
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.snapshot() == pair.b.snapshot()


def test_update_of_a_url(order, make, outside):
    first, second = order
    repo = make()
    first("import-url", outside / "f.txt", cwd=repo)
    repo.commit()
    (outside / "f.txt").write_text("changed outside\n")
    assert second("status", "--json", cwd=repo).json == {}, "an import is frozen"
    second("update", "f.txt.dvc", cwd=repo)
    assert repo.read("f.txt") == "changed outside\n"
    assert first("status", "--json", cwd=repo).json == {}


def test_from_a_server(order, make, http_server):
    first, second = order
    remote = http_server()
    remote.folder.mkdir(parents=True)
    (remote.folder / "x.csv").write_text("a,b\n1,2\n")
    repo = make()
    first("import-url", f"{remote.url}/x.csv", cwd=repo)
    assert "\n- checksum: '\"" in repo.read("x.csv.dvc"), "the etag, with its quotes"
    assert second("status", "--json", cwd=repo).json == {}
    (remote.folder / "x.csv").write_text("a,b\n1,2\n3,4\n")
    second("update", "x.csv.dvc", cwd=repo)
    assert repo.read("x.csv") == "a,b\n1,2\n3,4\n"


def test_pull_of_an_import(order, make, registry, tmp_path):
    """The data of an import comes from where it was imported from, not from the default remote."""
    first, second = order
    repo = make()
    first("import", registry, "data", "--rev", "v1", cwd=repo)
    repo.commit()
    clone = repo.clone(tmp_path / "clone")
    second("pull", cwd=clone)
    assert repos.content(clone.path / "data") == {"1": repos.md5(b"1\n"), "2": repos.md5(b"2\n")}


def test_fetch_of_imports_in_revisions(order, make, registry):
    """-T, -a, -A: imports of other revisions come too."""
    first, second = order
    repo = make()
    first("import", registry, "sub/file.txt", "--rev", "v1", cwd=repo)
    repo.commit()
    repo.git("tag", "old")
    first("update", "--rev", "v2", "file.txt.dvc", cwd=repo)
    repo.commit()
    repos.remove_tree(repo.path / ".dvc/cache")
    second("fetch", cwd=repo)
    assert set(repo.objects()) == {f"files/md5/{digest[:2]}/{digest[2:]}" for digest in [repos.md5(b"two\n")]}
    second("fetch", "--all-tags", cwd=repo)
    assert set(repo.objects()) == {f"files/md5/{digest[:2]}/{digest[2:]}" for digest in [repos.md5(b"one\n"), repos.md5(b"two\n")]}


def test_an_import_whose_source_is_gone(twins, registry, outside):
    """It is told as missing, and hinders nothing else."""
    pair = twins()
    pair.run("import", registry.path, "data", check=0, compare="code")
    pair.run("import-url", outside / "f.txt", check=0, compare="code")
    pair.run("import-url", "--no-download", outside / "f.txt", "part", check=0, compare="code")
    pair.each(lambda repo: repo.write("own", "own\n"))
    pair.run("add", "own", check=0, compare="code")
    registry.path.rename(registry.path.with_name("gone"))
    outside.rename(outside.with_name("nowhere"))
    for repo in (pair.a, pair.b):
        for name in ("data", "f.txt", "own"):
            repo.remove(name)
        repo.sh("rm -rf .dvc/cache/files/md5/??/*.dir .dvc/cache/fs")
    pair.run("fetch", check=0, compare="code")
    pair.run("pull", check=1, compare="code")
    pair.run("pull", "--allow-missing", check=0, compare="code")
    ours = pair.tools[1]
    done = ours("pull", cwd=pair.b, check=1)
    assert "Checkout failed for following targets:\ndata\npart\n" in done.stderr
    assert "WARNING: cannot fetch 'part': " in done.stderr
    assert pair.a.read("own") == pair.b.read("own") == "own\n"
    assert ours("fetch", "--strict", cwd=pair.b, check=1)


@pytest.mark.parametrize("kind", ["f.txt", "d"])
def test_a_changed_source_is_not_taken_for_what_was_imported(kind, either, make, outside):
    repo = make()
    either("import-url", "--no-download", outside / kind, "part", cwd=repo)
    (outside / kind if kind == "f.txt" else outside / kind / "more").write_text("changed outside\n")
    assert "Checkout failed for following targets:\npart\n" in either("pull", cwd=repo, check=1).stderr
    assert not os.path.isfile(repo.path / "part") and not os.path.exists(repo.path / "part/more")
    either("update", "part.dvc", cwd=repo)
    assert repo.exists("part")


@pytest.mark.parametrize("name, out", [("no-download", "data"), ("url-no-download", "f.txt")])
def test_checkout_of_what_was_fetched(name, out, twins, registry, outside):
    """The .dvc file tells no hash: what `fetch` has found is what a later `checkout` makes, again and again."""
    pair = twins()
    pair.run(*(word.format(registry=registry.path, outside=outside) for word in IMPORTS[name]), check=0, compare="code")
    files = [repo.read(f"{out}.dvc") for repo in pair.repos]
    pair.run("checkout", f"{out}.dvc", check=255)
    pair.run("fetch", f"{out}.dvc", check=0)
    pair.run("checkout", f"{out}.dvc", check=0)
    pair.each(lambda repo: repo.remove(out))
    pair.run("checkout", check=0)
    assert files == [repo.read(f"{out}.dvc") for repo in pair.repos]
    assert all(repo.exists(out) for repo in pair.repos)
    pair.run("fetch", check=0, compare="code")


@pytest.mark.parametrize("words", [("data/1",), ("data",), ("data/1", "--remote", "other"), ("nosuch",), ("data/nosuch",), ("plain/readme.md",)], ids=" ".join)
@pytest.mark.parametrize("remote", ["", "s3://bucket/prefix/", "/elsewhere", "http://host/x"])
def test_show_url(words, remote, real, ours, registry):
    real("remote", "add", "other", "ssh://host/y", cwd=registry)
    if remote:
        real("remote", "add", "-d", "store", remote, cwd=registry)
    repos.agree(*(tool("get", registry, *words, "--show-url", cwd=registry, check=None) for tool in (real, ours)), "text")


GETS = [
    ("get", "{registry}", "data"),
    ("get", "{registry}", "data", "--rev", "v1", "-o", "old"),
    ("get", "{registry}", "plain/readme.md"),
    ("get", "{registry}", "data/2", "-o", "two"),
    ("get", "{registry}", "nosuch"),
    ("get", "{registry}", "data", "--rev", "nosuch"),
    ("get", "{registry}/nosuch", "data"),
    ("get-url", "{outside}/f.txt"),
    ("get-url", "{outside}/d", "dd"),
    ("get-url", "{outside}/nosuch"),
]


@pytest.mark.parametrize("words", GETS, ids=lambda words: " ".join(words[:1] + words[2:]) or words[0])
def test_get_outside_of_a_repository(words, real, ours, registry, outside, tmp_path):
    done = []
    for tool, name in ((real, "real"), (ours, "ours")):
        (tmp_path / name).mkdir()
        done.append(tool(*(word.format(registry=registry.path, outside=outside) for word in words), cwd=tmp_path / name, check=None))
    repos.agree(*done, "code")
    assert repos.tree(tmp_path / "real") == repos.tree(tmp_path / "ours")


LISTS = [(), ("-R",), ("--dvc-only",), ("-R", "--dvc-only"), ("data",), ("data", "--rev", "v1"), ("sub",), ("--size",), ("--show-hash", "-R"), ("--tree",), ("-R", "--level", "1"), ("nosuch",)]


@pytest.mark.parametrize("words", LISTS, ids=lambda words: " ".join(words) or "all")
def test_list(words, real, ours, registry):
    repos.agree(*(tool("ls", registry, *words, cwd=registry, check=None) for tool in (real, ours)), "text")
    if "--tree" not in words:
        repos.agree(*(tool("ls", registry, *words, "--json", cwd=registry, check=None) for tool in (real, ours)), "json")


def test_list_of_links(make, real, ours):
    repo = make()
    repo.write("run.sh", "#!/bin/sh\n", mode=0o755)
    repo.write("plain/x", "1\n")
    for name, target in (("to-file", "run.sh"), ("to-folder", "plain"), ("to-nothing", "nosuch")):
        (repo.path / name).symlink_to(target)
    for words in ((), ("-R",), ("--rev", "HEAD"), ("to-file",), ("to-nothing",)):
        if "--rev" in words:
            repo.commit()
        repos.agree(*(tool("ls", "--json", "--size", ".", *words, cwd=repo, check=None) for tool in (real, ours)), "json")


@pytest.mark.parametrize("words", [("foo://bucket/x",), ("nosuch",), ("f.txt",), ("sub/../f.txt", "f.txt")], ids=" ".join)
def test_import_url_refuses(words, twins):
    pair = twins(lambda repo: repo.write("f.txt", "1\n"))
    pair.run("import-url", *words)
    assert pair.a.snapshot() == pair.b.snapshot()


def test_list_url(real, ours, outside):
    for words in ((), ("-R",), ("--size",)):
        repos.agree(*(tool("ls-url", outside, *words, cwd=outside, check=None) for tool in (real, ours)), "text")


def test_download_of_an_import_is_frozen(either, make, registry):
    repo = make()
    either("import", registry, "data", "--rev", "v1", cwd=repo)
    assert "frozen: true\n" in repo.read("data.dvc")
    either("repro", "data.dvc", cwd=repo)
    assert not os.path.exists(repo.path / "data/3")


@pytest.fixture
def tagging_store(tmp_path, dvc_binary, monkeypatch):
    """S3 with ETags, which versitygw does not keep in a plain folder."""
    monkeypatch.setattr(storage, "versitygw", lambda: None)
    made = storage.Store(tmp_path / "store", dvc_binary.parent / "python")
    yield made
    made.close()


@pytest.mark.parametrize("kind", ["local", "s3"])
def test_from_a_store(kind, tmp_path, dvc_binary, user_env, real, ours, tagging_store):
    """A file and a folder of a remote, by its name; what is recorded of them is the store's own checksum, if it has one."""
    remote = tagging_store.remote(kind)
    if kind == "s3":
        real = client.Tool("dvc", client.Spawner(dvc_binary), user_env)  # its S3 library does not outlive a fork
    pair = repos.Twins(tmp_path, real, ours, config=remote.config())
    pair.a.write("seed", {"1": "one\n", "2": "two\n"})
    pair.tools[0]("add", "seed", cwd=pair.a)
    pair.tools[0]("push", cwd=pair.a)
    pair.tools[0]("remove", "seed.dvc", "--outs", cwd=pair.a)
    if pair.a.exists(".gitignore"):
        pair.a.remove(".gitignore")
    one = repos.md5(b"one\n")
    pair.run("import-url", f"remote://store/files/md5/{one[:2]}/{one[2:]}", "file", check=0, compare="code")
    pair.run("import-url", "remote://store/files/md5", "folder", check=0, compare="code")
    pair.run("import-url", "remote://store/files/md5", "later", "--no-download", check=0, compare="code")
    pair.run("import-url", "remote://store/nosuch", "nosuch", compare="code")
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.snapshot() == pair.b.snapshot()
    pair.run("update", "file.dvc", "folder.dvc", check=0, compare="lines")
    pair.run("status", "--json", check=0, compare="json")
    pair.run("get-url", f"remote://store/files/md5/{one[:2]}/{one[2:]}", "got", check=0)
    pair.run("get-url", "remote://store/files", "gotten", check=0)
    assert pair.a.snapshot() == pair.b.snapshot()
    for words in ((), ("-R",)):
        pair.run("ls-url", "remote://store/files/md5", *words, compare="lines")


def test_to_a_store(twins, store, outside):
    pair = twins(config=store.remote("local").config())
    pair.run("import-url", outside / "d", "--to-remote", check=0, compare="code")
    pair.run("import-url", outside / "f.txt", "mine", "--to-remote", "-r", "store", check=0, compare="code")
    assert pair.a.tracked() == pair.b.tracked()
    assert not pair.b.exists("d") and not pair.b.exists("mine")
    (outside / "d/x").write_text("changed\n")
    pair.run("update", "d.dvc", "--to-remote", check=0, compare="code")
    # The real tool leaves the old md5 of the stage there, which `status` then tells as "changed checksum".
    assert pair.a.read("d.dvc").splitlines()[1:] == pair.b.read("d.dvc").splitlines()[1:]
    assert "changed checksum" not in str(pair.tools[0]("status", "--json", cwd=pair.b).json)
    pair.run("pull", check=0, compare="code")
    assert pair.a.tree("d") == pair.b.tree("d") and pair.a.read("mine") == pair.b.read("mine")


@pytest.mark.parametrize("words", [("import", "{url}", "plain/readme.md"), ("import", "{url}", "data", "--rev", "v1", "--remote", "up", "--remote-config", "url={cache}"), ("import", "{url}", "nosuch")])
def test_by_git(words, twins, registry):
    """A url that git clones, not a folder on this machine."""
    pair = twins()
    words = [word.format(url=f"file://{registry.path}", cache=registry.path / ".dvc/cache") for word in words]
    pair.run(*words, compare="code")
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.snapshot() == pair.b.snapshot()
    pair.run("status", "--json", compare="json")


def test_update_by_git(order, make, registry):
    first, second = order
    repo = make()
    first("import", f"file://{registry.path}", "plain", cwd=repo)
    repo.commit()
    assert second("status", "--json", cwd=repo).json == {}
    registry.write("plain/readme.md", "changed\n")
    registry.commit("v3")
    assert "update available" in str(second("status", "--json", cwd=repo).json)
    second("update", "plain.dvc", cwd=repo)
    assert repo.read("plain/readme.md") == "changed\n"
    assert first("status", "--json", cwd=repo).json == {}


def test_subrepositories(real, ours, make):
    outer = make("outer")
    outer.write("sub/.dvc/config", "")
    outer.write("sub/.dvc/.gitignore", "/config.local\n/tmp\n/cache\n")
    outer.write("sub/data", {"x": "1\n"})
    real("add", "data", cwd=outer.path / "sub")
    outer.commit()
    repos.remove_tree(outer.path / "sub/data")
    for words in ((), ("-R",), ("sub",), ("sub/data",), ("sub/data/x", "--rev", "HEAD"), ("sub", "-R", "--dvc-only"), ("sub/nosuch",)):
        repos.agree(*(tool("ls", outer, *words, "--json", cwd=outer.beside("."), check=None) for tool in (real, ours)), "json")
    for name, tool in (("real", real), ("ours", ours)):
        tool("get", outer, "sub/data", "-o", f"got-{name}", cwd=outer.beside("."))
        tool("get", outer, "sub", "--rev", "HEAD", "-o", f"all-{name}", cwd=outer.beside("."))
    assert repos.tree(outer.beside("got-real")) == repos.tree(outer.beside("got-ours"))
    assert repos.tree(outer.beside("all-real")) == repos.tree(outer.beside("all-ours"))


def test_a_missing_object_leaves_nothing(make, registry, ours):
    """Where the real tool leaves a part of a folder behind."""
    registry.object(repos.md5(b"2\n")).unlink()
    repos.remove_tree(registry.path / "data")
    repo = make()
    for words in (("import", registry, "data"), ("get", registry, "data")):
        done = ours(*words, cwd=repo, check=None)
        assert done.returncode == 255 and "No storage files available: 'data/2'" in done.stderr
        assert not repo.exists("data") and not repo.exists("data.dvc") and not repo.exists(".gitignore")


@pytest.mark.parametrize("path", ["data", "data/1", "sub/file.txt", "plain"])
@pytest.mark.parametrize("lost", [False, True], ids=["in-its-cache", "nowhere-else"])
def test_import_of_an_import(path, lost, twins, make, registry, real):
    """What a repository has imported it pushes nowhere: it comes from where it came from."""
    middle = make("middle")
    real("import", registry, path, "-o", "mine", cwd=middle)
    middle.commit()
    if lost:
        middle.remove("mine")
        repos.remove_tree(middle.path / ".dvc/cache")
    pair = twins()
    pair.run("import", middle.path, "mine", check=0, compare="code")
    pair.run("get", middle.path, "mine", "-o", "got", check=0, compare="code")
    pair.run("import", f"file://{middle.path}", "mine", "-o", "by-git", check=0, compare="code")
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.snapshot() == pair.b.snapshot()


def test_import_of_itself(make, ours):
    """A circle of imports ends with a line, not with the stack."""
    one, two = make("one"), make("two")
    for repo, other in ((one, two), (two, one)):
        repo.write("x.dvc", f"deps:\n- path: x\n  repo:\n    url: {other.path}\nouts:\n- md5: {repos.md5(b'x')}\n  size: 1\n  hash: md5\n  path: x\n")
    done = ours("import", one, "x", cwd=make("third"), check=1)
    assert "it is an import of imports of imports, or of itself" in done.stderr
