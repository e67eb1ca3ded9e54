"""Round trip 9: configuration written by one tool means the same to the other, at four levels."""

import pytest

COMMANDS = {
    "remote": [("remote", "add", "-d", "Store", "../data"), ("remote", "list")],
    "two-remotes": [("remote", "add", "a", "/abs/data"), ("remote", "add", "-d", "longer", "s3://bucket/p"), ("remote", "list"), ("remote", "default"), ("remote", "default", "a")],
    "again": [("remote", "add", "a", "/x"), ("remote", "add", "a", "/y"), ("remote", "add", "-f", "a", "/y"), ("remote", "list")],
    "modify": [("remote", "add", "a", "s3://b"), ("remote", "modify", "a", "endpointurl", "http://localhost:9000"), ("remote", "modify", "a", "use_ssl", "false"), ("config", "-l")],
    "modify-url": [("remote", "add", "a", "x/y"), ("remote", "modify", "a", "url", "z"), ("config", "remote.a.url")],
    "modify-local": [("remote", "add", "a", "s3://b"), ("remote", "modify", "--local", "a", "access_key_id", "KEY"), ("config", "-l"), ("config", "-l", "--local")],
    "modify-unset": [("remote", "add", "a", "s3://b"), ("remote", "modify", "a", "region", "r"), ("remote", "modify", "-u", "a", "region"), ("config", "-l")],
    "rename": [("remote", "add", "-d", "a", "x"), ("remote", "rename", "a", "b"), ("remote", "list"), ("config", "core.remote")],
    "remove": [("remote", "add", "-d", "a", "x"), ("remote", "remove", "a"), ("remote", "list"), ("remote", "remove", "nosuch")],
    "values": [("config", "core.autostage", "true"), ("config", "cache.type", "hardlink,symlink"), ("config", "core.autostage"), ("config", "cache.type"), ("config", "-l")],
    "unset": [("config", "core.autostage", "true"), ("config", "-u", "core.autostage"), ("config", "core.autostage"), ("config", "-u", "core.autostage")],
    "levels": [("config", "--global", "core.jobs", "3"), ("config", "--global", "core.checksum_jobs", "3"), ("config", "core.checksum_jobs", "4"), ("config", "--local", "core.checksum_jobs", "5"), ("config", "core.checksum_jobs"), ("config", "--show-origin", "-l")],
    "system": [("config", "--system", "core.checksum_jobs", "2"), ("config", "--system", "-l"), ("config", "core.checksum_jobs")],
    "quoting": [("config", "exp.git_remote", "a # b"), ("config", "exp.code_dir", " lead"), ("config", "core.remote", "it's"), ("config", "-l")],
    "cache-dir": [("cache", "dir", "../cache"), ("cache", "dir"), ("config", "cache.dir")],
    "cache-dir-unset": [("cache", "dir", "/abs"), ("cache", "dir", "-u"), ("cache", "dir")],
    "unknown-key": [("config", "core.nosuch", "1"), ("config", "nosuch.key"), ("config", "core.nosuch")],
    "unknown-value": [("config", "core.autostage", "maybe"), ("config", "cache.type", "nosuch")],
    "no-section": [("config", "remote"), ("config", "a.b.c"), ("config", "nodot", "1")],
    "bad-remote": [("remote", "add", "a", "nosuch://x"), ("remote", "modify", "nosuch", "url", "x"), ("remote", "default", "nosuch"), ("remote", "rename", "nosuch", "b")],
    "default-unset": [("remote", "add", "-d", "a", "x"), ("remote", "default", "-u"), ("remote", "default")],
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_commands(name, twins):
    """Each command says the same and leaves the same file."""
    pair = twins()
    env = [{"DVC_GLOBAL_CONFIG_DIR": str(repo.beside("global")), "DVC_SYSTEM_CONFIG_DIR": str(repo.beside("system"))} for repo in pair.repos]
    for words in COMMANDS[name]:
        both = [tool.of({**tool.env, **more}) for tool, more in zip(pair.tools, env)]
        kept, pair.tools = pair.tools, both
        pair.run(*words)
        pair.tools = kept
        assert pair.a.tracked() == pair.b.tracked()
    for level in ("global", "system"):
        files = [repo.beside(level) / "config" for repo in pair.repos]
        assert files[0].exists() == files[1].exists()
        assert not files[0].exists() or files[0].read_text() == files[1].read_text()


@pytest.mark.stricter("write a configuration that is not ASCII, which it only reads")
def test_unicode(make, real, ours):
    repo = make()
    ours("remote", "add", "a", "../dätä", cwd=repo)
    assert repo.read(".dvc/config") == "['remote \"a\"']\n    url = ../../dätä\n"
    assert real("config", "remote.a.url", cwd=repo).stdout == ours("config", "remote.a.url", cwd=repo).stdout == f"{repo.beside('dätä')}\n"


HANDWRITTEN = {
    "plain": "[core]\n    remote = a\n['remote \"a\"']\n    url = ../../data\n",
    "unquoted-section": '[core]\nremote = a\n[remote "a"]\nurl = ../../data\n',
    "upper-case": "[CORE]\n    Remote = A\n['remote \"A\"']\n    URL = ../../data\n",
    "comments": "# mine\n[core]\n    remote = a  # default\n\n# other\n['remote \"a\"']\n# url\n    url = ../../data\n",
    "quotes": "[core]\n    remote = 'a'\n['remote \"a\"']\n    url = \"../../data\"\n",
    "blanks": "[core]\n\n\n  remote   =    a\n\n['remote \"a\"']\n\turl=../../data\n",
    "crlf": "[core]\r\n    remote = a\r\n['remote \"a\"']\r\n    url = ../../data\r\n",
    "by-reference": "[core]\n    remote = b\n['remote \"a\"']\n    url = ../..\n['remote \"b\"']\n    url = remote://a/data\n",
    "list-value": "[cache]\n    type = reflink, copy\n[core]\n    remote = a\n['remote \"a\"']\n    url = ../../data\n",
}


@pytest.mark.parametrize("name", HANDWRITTEN)
def test_written_by_hand(name, twins):
    pair = twins(lambda repo: repo.config(HANDWRITTEN[name]))
    pair.run("config", "-l")
    pair.run("remote", "list")
    pair.write("f", "1")
    pair.run("add", "f", check=0)
    pair.run("push", check=0)
    assert pair.a.objects(pair.a.beside("data")) == pair.b.objects(pair.b.beside("data")) != {}
    pair.run("config", "core.autostage", "true", check=0)
    assert pair.a.tracked() == pair.b.tracked()


BROKEN = ["[core\n", "; comment\n", "[core]\nremote\n", "[core]\nnosuch = 1\n", "[nosuch]\na = 1\n", "[core]\nremote = nosuch\n", "['remote \"a\"']\nurl = nosuch://x\n", "[core]\nautostage = maybe\n", "key = 1\n"]


@pytest.mark.parametrize("text", BROKEN)
def test_broken(text, twins):
    pair = twins(lambda repo: repo.config(text))
    pair.run("status")
    pair.run("push", compare="code")


def test_remote_added_by_the_other(order, make, tmp_path):
    """A relative URL is relative to the folder of the config file, wherever the command ran."""
    first, second = order
    repo = make()
    repo.write("sub/f", "1")
    first("remote", "add", "-d", "Store", "../../data", cwd=repo.path / "sub")
    assert repo.read(".dvc/config") == "[core]\n    remote = store\n['remote \"store\"']\n    url = ../../data\n"
    second("add", "sub/f", cwd=repo)
    second("push", cwd=repo)
    assert len(repo.objects(tmp_path / "data")) == 1
    assert first("status", "-c", cwd=repo).stdout == "Cache and remote 'store' are in sync.\n"


def test_local_overrides(order, make, tmp_path):
    first, second = order
    repo = make()
    first("remote", "add", "-d", "store", "/nowhere", cwd=repo)
    first("remote", "modify", "--local", "store", "url", tmp_path / "data", cwd=repo)
    repo.write("f", "1")
    second("add", "f", cwd=repo)
    second("push", cwd=repo)
    assert len(repo.objects(tmp_path / "data")) == 1
    assert ".dvc/config.local" not in repo.git("status", "--porcelain", "-uall")
