"""Round trip 5: what one tool has pushed, the other pulls, by every kind of remote; and a `.dir` is never there without its children."""

import os

import pytest

from . import repos

KINDS = ["local", "s3", "http", "webdav", "sftp"]
FOLDER = {"a.txt": "hi\n", "sub/ü b.txt": "yo\n", "sub/c": "c" * 3000, "empty": ""}

REMOTES = """\
[core]
    remote = r
['remote "r"']
    url = ../../first
['remote "second"']
    url = ../../second
"""


def remotes(repo):
    return [repo.objects(repo.beside(name)) for name in ("first", "second")]


def filled(make, remote, tool):
    repo = make(config=remote.config())
    repo.write("data", FOLDER)
    repo.write("one.bin", bytes(range(256)))
    tool("add", "data", "one.bin", cwd=repo)
    repo.commit()
    return repo


def object_names(repo):
    return {name: digest for name, (_, digest) in repo.objects().items() if name.startswith("files/")}


@pytest.mark.parametrize("kind", KINDS)
def test_push_then_pull(kind, order, make, store, tmp_path):
    first, second = order
    remote = store.remote(kind)
    repo = filled(make, remote, first)
    assert first("push", cwd=repo).stdout == "6 files pushed\n"
    assert remote.listing() == object_names(repo)
    assert second("push", cwd=repo).stdout == "Everything is up to date.\n"
    assert second("status", "-c", cwd=repo).stdout == "Cache and remote 'store' are in sync.\n"
    clone = repo.clone(tmp_path / "clone")
    done = second("pull", cwd=clone)
    assert done.stdout.splitlines()[-1] == "6 files fetched and 5 files added"
    assert repos.content(clone.path / "data") == repos.content(repo.path / "data")
    assert (clone.path / "one.bin").read_bytes() == bytes(range(256))
    assert {mode for mode, _ in clone.objects().values()} == {"0o444"}
    assert first("status", "--json", cwd=clone).json == {}
    assert first("pull", cwd=clone).stdout == "Everything is up to date.\n"


@pytest.mark.parametrize("kind", ["local", "http"])
def test_push_by_turns(kind, order, make, store):
    first, second = order
    remote = store.remote(kind)
    repo = filled(make, remote, first)
    first("push", "one.bin", cwd=repo)
    assert second("status", "-c", "--json", cwd=repo).json == dict.fromkeys(["data", *(f"data/{name}" for name in FOLDER)], "new")
    second("push", cwd=repo)
    assert remote.listing() == object_names(repo)
    assert first("status", "-c", "--json", cwd=repo).json == {}


def test_modes_of_a_local_remote(twins, tmp_path):
    pair = twins(config=REMOTES)
    pair.write("data", FOLDER)
    pair.run("add", "data", check=0)
    pair.run("push", check=0)
    assert remotes(pair.a) == remotes(pair.b)
    assert {mode for mode, _ in remotes(pair.b)[0].values()} == {"0o444"}


TARGETS = [("data",), ("data.dvc",), ("data/sub",), ("data/a.txt",), ("one.bin", "data/a.txt"), ("-R", "."), ("--glob", "da*"), ("nosuch",), ("-r", "nosuch"), ("-r", "second")]


@pytest.mark.parametrize("verb", ["push", "fetch", "pull"])
@pytest.mark.parametrize("words", TARGETS, ids=" ".join)
def test_targets(verb, words, twins):
    pair = twins(config=REMOTES)
    pair.write("data", FOLDER)
    pair.write("one.bin", "1")
    pair.run("add", "data", "one.bin", check=0, compare="lines")
    if verb != "push":
        pair.run("push", check=0)
        pair.each(lambda repo: [repos.remove_tree(repo.path / ".dvc/cache"), repo.remove("data"), repo.remove("one.bin")])
    pair.run(verb, *words, compare="lines")
    assert remotes(pair.a) == remotes(pair.b)
    assert pair.a.snapshot() == pair.b.snapshot()
    assert pair.a.objects() == pair.b.objects()


def test_all_commits(order, make, store, tmp_path):
    first, second = order
    remote = store.remote("local")
    repo = filled(make, remote, first)
    repo.git("tag", "v1")
    repo.write("data/a.txt", "changed\n")
    second("add", "data", cwd=repo)
    repo.commit()
    assert first("push", "--all-commits", cwd=repo).stdout == "8 files pushed\n"
    clone = repo.clone(tmp_path / "clone")
    assert second("fetch", "--all-tags", cwd=clone).stdout == "8 files fetched\n"
    clone.git("checkout", "-q", "v1")
    second("checkout", cwd=clone)
    assert clone.read("data/a.txt") == "hi\n"


def test_nothing_anywhere(twins):
    """Data that is missing everywhere: a warning and 0 of push and fetch, 1 of pull."""
    pair = twins(config=REMOTES)
    pair.write("data", FOLDER)
    pair.write("one.bin", "1")
    pair.run("add", "data", "one.bin", check=0, compare="lines")
    pair.each(lambda repo: [repos.remove_tree(repo.path / ".dvc/cache"), repo.remove("data"), repo.remove("one.bin")])
    pair.run("push", compare="lines", check=0)
    pair.run("fetch", compare="lines", check=0)
    pair.run("status", "-c", "--json", compare="json")
    pair.run("pull", compare="code", check=1)
    pair.run("pull", "--allow-missing", compare="code", check=0)


def test_one_child_is_missing_on_the_remote(twins):
    pair = twins(config=REMOTES)
    pair.write("data", FOLDER)
    pair.run("add", "data", check=0)
    pair.run("push", check=0)
    child = "files/md5/76/4efa883dda1e11db47671c4a3bbd9e"
    pair.each(lambda repo: [repos.remove_tree(repo.path / ".dvc/cache"), repo.remove("data"), (repo.beside("first") / child).unlink()])
    pair.each(lambda repo: repos.remove_tree(repo.path / ".dvc/tmp"))
    pair.run("pull", compare="code")
    assert pair.a.snapshot() == pair.b.snapshot()


def test_push_of_a_part_leaves_no_directory(order, make, store):
    """Without one child in the cache, the `.dir` must not arrive, or the other tool believes that all is there."""
    first, second = order
    remote = store.remote("local")
    repo = filled(make, remote, first)
    repo.object(repos.md5(b"hi\n")).unlink()
    first("push", "data", cwd=repo, check=None)
    assert not [name for name in remote.listing() if name.endswith(".dir")]
    assert len(remote.listing()) == 3
    repo.write("data/a.txt", "hi\n")
    second("add", "data", cwd=repo)
    second("push", cwd=repo)
    assert remote.listing() == object_names(repo)


def test_outputs_of_stages(order, make, store, tmp_path):
    first, second = order
    remote = store.remote("local")
    repo = make(config=remote.config())
    repo.write("dvc.yaml", "stages:\n  a:\n    cmd: mkdir d; echo 1 > d/x; echo 2 > no; echo 3 > here\n    outs:\n    - d\n    - no:\n        push: false\n    - here:\n        cache: false\n")
    first("repro", cwd=repo)
    repo.commit()
    first("push", cwd=repo)
    assert len(remote.listing()) == 2
    clone = repo.clone(tmp_path / "clone")
    second("pull", cwd=clone, check=None)
    assert clone.read("d/x") == "1\n"
    assert not clone.exists("no")


def test_import_of_a_remote_chosen_by_output(order, make, store, tmp_path):
    """`remote:` of an output names where it goes."""
    first, second = order
    one, two = store.remote("local"), store.remote("local")
    repo = make(config=one.config("one") + two.config("two", default=False))
    repo.write("f", "1")
    first("add", "f", cwd=repo)
    repo.write("f.dvc", repo.read("f.dvc") + "  remote: two\n")
    repo.commit()
    second("push", cwd=repo)
    assert (len(one.listing()), len(two.listing())) == (0, 1)
    clone = repo.clone(tmp_path / "clone")
    first("pull", cwd=clone)
    assert clone.read("f") == "1"


GC = [("-w", "-f"), ("-w", "-f", "--dry"), ("-w", "-c", "-f"), ("-a", "-f"), ("-T", "-f", "-c"), ("-A", "-f"), ("-w", "-f", "-c", "-r", "second"), ("--rev", "HEAD", "-n", "2", "-f"), ("-w", "-f", "--not-in-remote")]


@pytest.mark.parametrize("words", GC, ids=" ".join)
def test_gc(words, twins):
    pair = twins(config=REMOTES)
    for version in ("1", "2", "3"):
        pair.write("data", {"same": "same", "x": version})
        pair.run("add", "data", check=0)
        pair.commit(version)
        if version == "1":
            pair.each(lambda repo: repo.git("tag", "v1"))
        if version != "3":
            pair.run("push", "-q", check=0)
            pair.run("push", "-q", "-r", "second", check=0)
    pair.run("gc", *words, compare="lines", check=0)
    assert pair.a.objects() == pair.b.objects()
    assert remotes(pair.a) == remotes(pair.b)
    pair.run("status", "--json", compare="json")


def test_gc_keeps_what_other_projects_use(twins):
    pair = twins(config="[cache]\n    dir = ../../cache\n")
    for repo, tool in zip(pair.repos, pair.tools):
        other = repos.Repo(repo.beside("other"), repo.env).init(config="[cache]\n    dir = ../../cache\n")
        other.write("theirs", "theirs")
        tool("add", "theirs", cwd=other)
        repo.write("mine", "mine")
        tool("add", "mine", cwd=repo)
    pair.run("gc", "-w", "-f", "-p", "../other", compare="lines", check=0)
    caches = [repo.objects(repo.beside("cache")) for repo in pair.repos]
    assert caches[0] == caches[1] and len(caches[0]) == 2
    pair.run("gc", "-w", "-f", compare="lines", check=0)
    caches = [repo.objects(repo.beside("cache")) for repo in pair.repos]
    assert caches[0] == caches[1] and len(caches[0]) == 1


def test_gc_knows_the_files_of_a_folder_from_the_remote(order, make, store):
    """The `.dir` is not in the cache, its files are."""
    first, second = order
    remote = store.remote("local")
    repo = filled(make, remote, first)
    first("push", cwd=repo)
    folder = next(name for name in object_names(repo) if name.endswith(".dir"))
    (repo.path / ".dvc/cache" / folder).unlink()
    second("gc", "-w", "-f", cwd=repo)
    assert {*object_names(repo), folder} == {*remote.listing()}


@pytest.mark.parametrize("answer", ["y\n", "n\n", "what\nyes\n", ""])
def test_gc_asks(answer, twins):
    pair = twins()
    pair.write("f", "1")
    pair.run("add", "f", check=0)
    pair.write("f", "2")
    pair.run("add", "f", check=0)
    pair.run("gc", "-w", stdin=answer, compare="lines")
    assert pair.a.objects() == pair.b.objects()


PIPELINE = """\
stages:
  a:
    cmd: echo 12345 > big; echo 1 > small; echo '{"a":1}' > m.json; echo '[]' > p.json
    outs:
    - big
    - small
    metrics:
    - m.json
    plots:
    - p.json
metrics:
- small
"""


@pytest.mark.parametrize("words", [("--type", "metrics"), ("--type", "plots"), ("--type", "plots", "--type", "metrics"), ("--max-size", "6"), ("a",)], ids=" ".join)
def test_filters_of_fetch(words, twins):
    pair = twins(config=REMOTES)
    pair.write("dvc.yaml", PIPELINE)
    pair.run("repro", check=0, compare="code")
    pair.run("push", check=0)
    pair.each(lambda repo: repos.remove_tree(repo.path / ".dvc/cache"))
    pair.run("fetch", *words, compare="lines", check=0)
    files = [{name for name in repo.objects() if name.startswith("files")} for repo in pair.repos]
    assert files[0] == files[1]


def test_a_revision_that_cannot_be_read(twins):
    pair = twins(config=REMOTES)
    pair.write("f", "1")
    pair.run("add", "f", check=0)
    pair.write("x.dvc", "broken")
    pair.commit("broken")
    pair.each(lambda repo: repo.remove("x.dvc"))
    pair.run("push", "-a", compare="lines", check=0)
    pair.run("fetch", "-A", compare="code", check=0)
    pair.run("gc", "-a", "-f", "--skip-failed", compare="lines", check=0)
    pair.run("gc", "-a", "-f", compare="code", check=255)
    pair.run("status", "-c", "-a", compare="code", check=1)
    assert remotes(pair.a) == remotes(pair.b)


@pytest.mark.stricter("send the rest of a folder of which a part was pushed before")
def test_rest_of_a_part(ours, make, store):
    remote = store.remote("local")
    repo = filled(make, remote, ours)
    ours("push", "data/sub", cwd=repo)
    assert len(remote.listing()) == 3
    ours("push", cwd=repo)
    assert remote.listing() == object_names(repo)


@pytest.mark.stricter("see, with --repair, children that are missing under a present .dir")
def test_repair(ours, make, store):
    remote = store.remote("local")
    repo = filled(make, remote, ours)
    ours("push", cwd=repo)
    remote.remove("files/md5/76/4efa883dda1e11db47671c4a3bbd9e")
    ours("push", "--repair", cwd=repo)
    assert remote.listing() == object_names(repo)


@pytest.mark.stricter("end with a failure, with --strict, when data is missing")
def test_strict(ours, make, store):
    remote = store.remote("local")
    repo = filled(make, remote, ours)
    repos.remove_tree(repo.path / ".dvc/cache")
    assert ours("push", "--strict", cwd=repo, check=None).returncode != 0
    assert ours("fetch", "--strict", cwd=repo, check=None).returncode != 0


@pytest.mark.stricter("verify what it has fetched")
@pytest.mark.parametrize("kind", ["local", "http"])
def test_rotten_object_is_not_taken(kind, ours, make, store, tmp_path):
    remote = store.remote(kind)
    repo = filled(make, remote, ours)
    ours("push", cwd=repo)
    rotten = remote.folder / "files/md5/76/4efa883dda1e11db47671c4a3bbd9e"
    rotten.chmod(0o644)
    rotten.write_text("ho\n")
    clone = repo.clone(tmp_path / "clone")
    done = ours("pull", cwd=clone, check=None)
    assert done.returncode != 0
    assert not clone.exists("data/a.txt") or clone.read("data/a.txt") == "hi\n"
    assert not clone.object("764efa883dda1e11db47671c4a3bbd9e").exists()


def test_password_of_a_server(order, make, http_server, tmp_path):
    first, second = order
    remote = http_server(user="u", password="p w")
    repo = make(config=remote.config())
    repo.write("f", "1")
    first("add", "f", cwd=repo)
    repo.commit()
    assert first("push", cwd=repo, check=None).returncode != 0
    for key, value in {"auth": "basic", "user": "u", "password": "p w"}.items():
        first("remote", "modify", "--local", "store", key, value, cwd=repo)
    second("push", cwd=repo)
    assert len(remote.listing()) == 1
