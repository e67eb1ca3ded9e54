"""The test vectors of DVC 3.67.1 through the command line: `.dir` objects, legacy hashes, run cache keys, import stages, dict unpacking."""

import pytest

DIRS = {
    "two files": ({"a.txt": "hi\n", "sub/ü b.txt": "yo\n"}, "5c902ca5d7982baa6c7789ece0ce7c02.dir"),
    "1": ({"1": "1\n"}, "71cef54cc30a058b18115947d09c62df.dir"),
    "1-2": ({"1": "1\n", "2": "2\n"}, "f437247ec66d73ba66b0ade0246fcb49.dir"),
    "1-2-3": ({"1": "1\n", "2": "2\n", "3": "3\n"}, "12f4b7d54a32e58818e27fba28376fba.dir"),
}
ESCAPES = ["B", "a b", "a-b", "a.txt", "ctl\x01\x1f\x7f", 'q"uo\\te', "z\u2028", "é", "\uffff", "\U00010000", "\U0001f600", "a/b/c"]


RUN_CACHE_ENTRY = (
    "runs/1d/1dfeef92f2c5c0f34ad94da239e30ac3e0346f2df7b4c2d063afe765f47420bd/532ba0bafef0f67e971745937a276d01c6fc5af0b37de11d3ca06cfe6075d802"
)
RUN_CACHE_BODY = """\
cmd:
- echo 1 > m1.txt
- echo 2 > m2.txt
deps:
- path: ../dict.txt
  hash: md5
  md5: d41d8cd98f00b204e9800998ecf8427e
  size: 0
params:
  ../extra.yaml:
    ex: hello
  ../params.yaml:
    train.lst:
    - 1
    - 2
outs:
- path: m1.txt
  hash: md5
  md5: b026324c6904b2a9cb4b88d6d61c81d1
  size: 2
- path: m2.txt
  hash: md5
  md5: 26ab0db90d72e28ad0ba1e22ee510510
  size: 2
"""


@pytest.mark.parametrize("name", DIRS)
def test_folders(name, either, make):
    repo = make()
    files, wanted = DIRS[name]
    repo.write("d", files)
    either("add", "d", cwd=repo)
    assert f"- md5: {wanted}\n  size: " in repo.read("d.dvc")
    assert len(repo.object(wanted).read_bytes()) > 0


def test_body_of_a_folder(either, make):
    repo = make()
    repo.write("d", DIRS["two files"][0])
    either("add", "d", cwd=repo)
    body = repo.object("5c902ca5d7982baa6c7789ece0ce7c02.dir").read_bytes()
    assert body == (
        b'[{"md5": "764efa883dda1e11db47671c4a3bbd9e", "relpath": "a.txt"},'
        b' {"md5": "f6255bb01c648fe967714d52a89e8e9c", "relpath": "sub/\\u00fc b.txt"}]'
    )
    assert len(body) == 141
    assert repo.read("d.dvc") == "outs:\n- md5: 5c902ca5d7982baa6c7789ece0ce7c02.dir\n  size: 6\n  nfiles: 2\n  hash: md5\n  path: d\n"


def test_empty(either, make):
    repo = make()
    (repo.path / "d").mkdir()
    repo.write("f", "")
    either("add", "d", "f", cwd=repo)
    assert repo.read("d.dvc") == "outs:\n- md5: d751713988987e9331980363e24189ce.dir\n  size: 0\n  nfiles: 0\n  hash: md5\n  path: d\n"
    assert repo.read("f.dvc") == "outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  hash: md5\n  path: f\n"
    assert repo.object("d751713988987e9331980363e24189ce.dir").read_bytes() == b"[]"


def test_order_and_escapes(either, make):
    repo = make()
    repo.write("d", {name: "x" for name in ESCAPES})
    either("add", "d", cwd=repo)
    text = repo.read("d.dvc")
    body = repo.object(text.split("md5: ")[1].split("\n")[0]).read_text()
    wanted = ["B", "a b", "a-b", "a.txt", "a/b/c", r"ctl\u0001\u001f\u007f", r"q\"uo\\te", r"z\u2028", r"\u00e9", r"\uffff", r"\ud800\udc00", r"\ud83d\ude00"]
    assert body == "[" + ", ".join(f'{{"md5": "9dd4e461268c8034f5c8564e155c67a6", "relpath": "{name}"}}' for name in wanted) + "]"


def test_dos_text(either, make):
    """Version 3 hashes the bytes; an entry without `hash` is of version 2 and hashes text without its carriage returns."""
    repo = make()
    repo.write("f", "x\r\ny\r\n")
    either("add", "f", cwd=repo)
    assert "md5: e20942bc0763636e19c18b95bb194501\n" in repo.read("f.dvc")
    repo.write("f.dvc", "outs:\n- md5: 1b5bb282b8f8792875e3c4203cfa9c57\n  size: 6\n  path: f\n")
    repo.write(".dvc/cache/1b/5bb282b8f8792875e3c4203cfa9c57", "x\r\ny\r\n", mode=0o444)
    assert either("status", "--json", cwd=repo).json == {}


def test_run_cache_keys(either, make):
    repo = make()
    repo.write("dict.txt", b"")
    repo.write("params.yaml", "train:\n  lst: [1, 2]\n")
    repo.write("extra.yaml", "ex: hello\n")
    repo.write(
        "sub/dvc.yaml",
        "stages:\n  s:\n    cmd:\n    - echo 1 > m1.txt\n    - echo 2 > m2.txt\n    deps: [../dict.txt]\n"
        "    params:\n    - ../params.yaml:\n      - train.lst\n    - ../extra.yaml:\n    outs: [m1.txt, m2.txt]\n",
    )
    either("repro", "sub/dvc.yaml", cwd=repo)
    (entry,) = [name for name in repo.objects() if name.startswith("runs/")]
    assert entry == RUN_CACHE_ENTRY
    assert (repo.path / ".dvc/cache" / entry).read_text() == RUN_CACHE_BODY


UNPACK = """\
stages:
  u:
    cmd: echo ${opts} > u.txt
    outs: [u.txt]
"""


def test_dict_unpacking(either, make):
    repo = make()
    repo.write("params.yaml", 'opts: {epochs: 3, flag: true, off: false, lst: [1, 2], name: "a b", nested: {x: 1}, none: null}\n')
    repo.write("dvc.yaml", UNPACK)
    either("repro", cwd=repo)
    assert repo.read("u.txt") == "--epochs 3 --flag --lst 1 2 --name a b --nested.x 1 --none None\n"
    assert "    cmd: echo --epochs 3 --flag --lst 1 2 --name 'a b' --nested.x 1 --none None \n      > u.txt\n" in repo.read("dvc.lock")


@pytest.mark.parametrize(("option", "wanted"), [("bool boolean_optional", "--flag --no-off --lst 1 2"), ("list append", "--flag --lst 1 --lst 2")])
def test_dict_unpacking_by_configuration(option, wanted, either, make):
    repo = make()
    repo.write("params.yaml", "opts: {flag: true, off: false, lst: [1, 2]}\n")
    repo.write("dvc.yaml", UNPACK)
    key, value = option.split()
    either("config", f"parsing.{key}", value, cwd=repo)
    either("repro", cwd=repo)
    assert repo.read("u.txt") == wanted + "\n"


def test_import_stage(either, make):
    """A wrong `md5` of an import stage shows as `changed checksum`, the right one as nothing."""
    repo = make()
    repo.write("dd", {"1": "1\n", "2": "2\n"})
    body = (
        "frozen: true\ndeps:\n- path: dd\n  repo:\n    url: https://example.com/r.git\n    rev: v1\n    rev_lock: '" + "0" * 40 + "'\n"
        "outs:\n- md5: f437247ec66d73ba66b0ade0246fcb49.dir\n  size: 4\n  nfiles: 2\n  hash: md5\n  path: dd\n"
    )
    repo.write("dd.dvc", "md5: ec441036ae85b1142def880c9de3d864\n" + body)
    assert "changed checksum" not in either("status", "--json", "--no-updates", "dd.dvc", cwd=repo).stdout
    repo.write("dd.dvc", "md5: ffffffffffffffffffffffffffffffff\n" + body)
    assert either("status", "--json", "--no-updates", "dd.dvc", cwd=repo).json["dd.dvc"][-1] == "changed checksum"
