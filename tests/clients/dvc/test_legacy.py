"""Round trip 7: a repository of DVC 2.x (no `hash`, the old layout, text hashed without its carriage returns) and what becomes of it."""

import json

import pytest

from . import repos

TEXT = "x\r\ny\r\n"
TEXT_2X = "1b5bb282b8f8792875e3c4203cfa9c57"  # md5 of "x\ny\n"


def body(files):
    return json.dumps([{"md5": digest, "relpath": name} for name, digest in sorted(files.items())], sort_keys=True).encode()


def old_object(repo, digest, data):
    repo.write(f".dvc/cache/{digest[:2]}/{digest[2:]}", data, mode=0o444)


def legacy(repo):
    """A text file with carriage returns, a binary, a folder, and a pipeline with its lock, as DVC 2.x left them."""
    repo.write("text.txt", TEXT)
    old_object(repo, TEXT_2X, TEXT)
    repo.write("text.txt.dvc", f"outs:\n- md5: {TEXT_2X}\n  size: 6\n  path: text.txt\n")
    binary = b"\0\r\n\1\r\n"
    repo.write("bin", binary)
    old_object(repo, repos.md5(binary), binary)
    repo.write("bin.dvc", f"outs:\n- md5: {repos.md5(binary)}\n  size: 6\n  path: bin\n")
    files = {"a.txt": TEXT_2X, "sub/b": repos.md5(b"b\n")}
    repo.write("data", {"a.txt": TEXT, "sub/b": "b\n"})
    old_object(repo, repos.md5(b"b\n"), b"b\n")
    folder = repos.md5(body(files)) + ".dir"
    old_object(repo, folder, body(files))
    repo.write("data.dvc", f"outs:\n- md5: {folder}\n  size: 8\n  nfiles: 2\n  path: data\n")
    repo.write("dvc.yaml", "stages:\n  s:\n    cmd: cat text.txt > out.txt\n    deps:\n    - text.txt\n    outs:\n    - out.txt\n")
    repo.write("out.txt", TEXT)
    repo.write(
        "dvc.lock",
        "schema: '2.0'\nstages:\n  s:\n    cmd: cat text.txt > out.txt\n    deps:\n"
        f"    - path: text.txt\n      md5: {TEXT_2X}\n      size: 6\n    outs:\n    - path: out.txt\n      md5: {TEXT_2X}\n      size: 6\n",
    )
    repo.write(".gitignore", "/text.txt\n/bin\n/data\n/out.txt\n")


def test_clean(either, make):
    repo = make()
    legacy(repo)
    repo.commit()
    assert either("status", "--json", cwd=repo).json == {}
    assert either("data", "status", "--json", cwd=repo).json in ({}, {"unchanged": ["bin", "data/", "out.txt", "text.txt"]})
    assert repo.git("status", "--porcelain") == ""


def test_checkout(either, make):
    repo = make()
    legacy(repo)
    for name in ("text.txt", "bin", "data", "out.txt"):
        repo.remove(name)
    either("checkout", cwd=repo)
    assert (repo.path / "text.txt").read_bytes() == TEXT.encode()
    assert (repo.path / "data/a.txt").read_bytes() == TEXT.encode()
    assert either("status", "--json", cwd=repo).json == {}


CHANGES = {
    "unchanged": (lambda repo: None, ("add", "text.txt", "bin", "data")),
    "text": (lambda repo: repo.write("text.txt", "new\r\n"), ("add", "text.txt")),
    "line-ends-only": (lambda repo: repo.write("text.txt", "x\ny\n"), ("add", "text.txt")),
    "folder": (lambda repo: repo.write("data/c", "c\n"), ("add", "data")),
    "folder-commit": (lambda repo: repo.write("data/c", "c\n"), ("commit", "-f", "data.dvc")),
    "repro": (lambda repo: repo.write("text.txt", "new\r\n"), ("repro",)),
    "repro-f": (lambda repo: None, ("repro", "-f")),
    "gc": (lambda repo: repo.write("text.txt.dvc", f"outs:\n- md5: {'0a' * 16}\n  size: 1\n  path: text.txt\n"), ("gc", "-w", "-f")),
    "migrate": (lambda repo: None, ("cache", "migrate")),
    "migrate-files": (lambda repo: None, ("cache", "migrate", "--dvc-files")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_upgrade(change, twins):
    """What has changed becomes 3.x, what has not stays as it was."""
    pair = twins()
    pair.each(legacy)
    pair.commit()
    edit, words = CHANGES[change]
    pair.each(edit)
    pair.run("status", "--json", compare="json")
    # The real status puts the old kind of object of a changed folder into the cache, without the files it lists.
    orphans = set(pair.a.objects()) - set(pair.b.objects())
    assert all(name.endswith(".dir") for name in orphans)
    pair.run(*words, compare="code", check=0)
    assert pair.a.tracked() == pair.b.tracked()
    assert {name: one for name, one in pair.a.objects().items() if name not in orphans} == pair.b.objects()
    pair.run("status", "--json", compare="json")


def test_push_and_pull(order, make, store, tmp_path):
    first, second = order
    remote = store.remote("local")
    repo = make(config=remote.config())
    legacy(repo)
    repo.commit()
    first("push", cwd=repo)
    assert f"{TEXT_2X[:2]}/{TEXT_2X[2:]}" in remote.listing() and not any(name.startswith("files") for name in remote.listing())
    clone = repo.clone(tmp_path / "clone")
    second("pull", cwd=clone)
    assert repos.content(clone.path / "data") == repos.content(repo.path / "data")
    assert first("status", "--json", cwd=clone).json == {}
    assert second("status", "-c", "--json", cwd=clone).json == {}


def test_old_lock_without_schema_is_refused(twins):
    pair = twins()
    pair.each(legacy)
    pair.each(lambda repo: repo.write("dvc.lock", "s:\n  cmd: x\n"))
    pair.run("status", compare="code")


EXTERNAL = {
    "dvc-file": lambda repo: repo.write("x.dvc", f"outs:\n- md5: {repos.md5(b'mine')}\n  size: 4\n  hash: md5\n  path: ../outside\n"),
    "absolute": lambda repo: repo.write("x.dvc", f"outs:\n- md5: {repos.md5(b'mine')}\n  size: 4\n  hash: md5\n  path: {repo.beside('outside')}\n"),
    "stage": lambda repo: (
        repo.write("dvc.yaml", "stages:\n  x:\n    cmd: echo spoilt > ../outside\n    outs: [../outside]\n"),
        repo.write("dvc.lock", "schema: '2.0'\nstages:\n  x:\n    cmd: echo spoilt > ../outside\n    outs:\n    - path: ../outside\n      hash: md5\n"
                   f"      md5: {repos.md5(b'mine')}\n      size: 4\n"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", EXTERNAL)
def test_cached_output_outside_of_the_project(kind, twins):
    """DVC 2 had those; on one that is recorded DVC 3 breaks. mlean refuses it with one line; nothing is touched."""
    pair = twins()
    pair.each(EXTERNAL[kind])
    pair.each(lambda repo: repo.beside("outside").write_text("mine"))
    pair.commit()
    pair.run("remote", "add", "-d", "r", "../remote", check=0)
    line = f"sing cached external output {pair.b.beside('outside')} is not supported since DVC 3.0."
    commands = ["status", "status -c", "gc -w -f", *(["repro", "repro x"] if kind == "stage" else ["repro x.dvc"])]
    for words in commands:
        done = pair.run(*words.split(), compare="code", check=255)
        assert line in done.stderr and done.stderr.count("ERROR: ") == 1, done
    for words in ("checkout", "checkout -f", "fetch", "pull"):
        pair.run(*words.split(), compare="code", check=0)
    for repo in pair.repos:
        assert repo.beside("outside").read_text() == "mine"
    assert pair.a.snapshot().keys() == pair.b.snapshot().keys()  # x.dvc may have an absolute path


def test_commit(twins):
    """`commit` of data that has not changed keeps the old kind of hash, also when the cache does not have it yet."""
    pair = twins(legacy)
    pair.each(lambda repo: repos.remove_tree(repo.path / ".dvc/cache"))
    pair.run("commit", "-f", compare="lines", check=0)
    pair.same()
    pair.write("text.txt", "new\r\n")
    pair.run("commit", "-f", "text.txt.dvc", check=0)
    pair.same()
