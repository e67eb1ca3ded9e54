"""Round trip 6: what a person has written in YAML stays as it was; a tool changes the lines that it must."""

import pytest

from . import repos

DVC_FILE = """\
# who made this, and why
outs:   # the only output
  - md5: {md5}   # the hash
    size: {size}
    hash: md5
    path: "file.txt"    # quoted
    desc: 'a: description'
    labels: [raw, "2024"]
    meta: {{owner: us, list: [1, 2]}}

# at the end
meta:
    free:  content
    deep:
        - x
        -   y
"""
DVC_YAML = """\
# the pipeline
vars:
  - v: 1      # inline


stages:
  # makes a
  a:
    cmd: >-
      cat in.txt >
      a.txt
    deps: [in.txt]    # flow
    outs:
      - a.txt:
          desc: "quoted text"   # comment

  b: {cmd: 'cat a.txt > b.txt', deps: [a.txt], outs: [b.txt]}
  "c":
    cmd: |
      cat b.txt > c.txt
      true
    deps:
    - b.txt
    outs:
    - c.txt
    meta:
      k:   v
# the end
"""


def commented(repo):
    repo.write("dvc.yaml", DVC_YAML)
    repo.write("in.txt", "1\n")


def diff_lines(repo, name):
    text = repo.git("diff", "-U0", "--", name)
    return [line for line in text.splitlines() if line[:1] in "+-" and not line.startswith(("+++", "---"))]


@pytest.mark.parametrize("verb", [("add", "file.txt"), ("commit", "-f", "file.txt.dvc")], ids=lambda words: words[0])
def test_dvc_file(verb, twins):
    pair = twins(lambda repo: repo.write("file.txt.dvc", DVC_FILE.format(md5=repos.md5(b"old\n"), size=4)))
    pair.write("file.txt", "changed\n")
    pair.run(*verb, check=0)
    assert pair.a.tracked() == pair.b.tracked()
    changed = [line[1:].split(":")[0].strip(" -") for line in diff_lines(pair.b, "file.txt.dvc")]
    assert {"md5", "size"} <= set(changed)
    assert "# the hash" in pair.b.read("file.txt.dvc") and "# who made this, and why" in pair.b.read("file.txt.dvc")


def test_unchanged_file_is_not_touched_in_meaning(twins):
    pair = twins(lambda repo: repo.write("file.txt.dvc", DVC_FILE.format(md5=repos.md5(b"old\n"), size=4)))
    pair.write("file.txt", "old\n")
    pair.run("add", "file.txt", check=0)
    assert pair.a.tracked() == pair.b.tracked()


@pytest.mark.parametrize(
    "words",
    [
        ("freeze", "a"),
        ("freeze", "b"),
        ("stage", "add", "-n", "new", "-d", "c.txt", "-o", "n.txt", "cp c.txt n.txt"),
        ("stage", "add", "-f", "-n", "b", "-d", "a.txt", "-o", "b.txt", "-p", "v", "cat a.txt > b.txt"),
        ("remove", "b"),
        ("remove", "c"),
        ("repro",),
    ],
    ids=" ".join,
)
def test_dvc_yaml(words, twins):
    pair = twins(commented)
    pair.write("params.yaml", "v: 2\n") if "v" in words else None
    pair.run(*words, compare="code")
    assert pair.a.tracked() == pair.b.tracked()


def test_lock_with_comments(twins):
    pair = twins(commented)
    pair.run("repro", check=0)
    pair.each(lambda repo: repo.write("dvc.lock", "# on top\n" + repo.read("dvc.lock").replace("  b:\n", "  b: # stage b\n").replace("    cmd:", "    # command\n    cmd:")))
    pair.write("in.txt", "2\n")
    pair.run("repro", check=0)
    assert pair.a.tracked() == pair.b.tracked()
    assert "# on top" in pair.b.read("dvc.lock") and "# stage b" in pair.b.read("dvc.lock")


ODD = {
    "no-last-newline": "outs:\n- md5: {md5}\n  size: 4\n  hash: md5\n  path: file.txt",
    "crlf": "outs:\r\n- md5: {md5}\r\n  size: 4\r\n  hash: md5\r\n  path: file.txt\r\n",
    "quoted-hash": "outs:\n- md5: '{md5}'\n  size: 4\n  hash: md5\n  path: file.txt\n",
    "flow": "outs: [{{md5: {md5}, size: 4, hash: md5, path: file.txt}}]\n",
    "other-order": "outs:\n- path: file.txt\n  hash: md5\n  size: 4\n  md5: {md5}\n",
    "document-start": "---\nouts:\n- md5: {md5}\n  size: 4\n  hash: md5\n  path: file.txt\n",
    "wdir": "wdir: .\nouts:\n- md5: {md5}\n  size: 4\n  hash: md5\n  path: ./file.txt\n",
    "no-size": "outs:\n- md5: {md5}\n  hash: md5\n  path: file.txt\n",
    "anchors": "meta:\n  a: &x 1\n  b: *x\nouts:\n- md5: {md5}\n  size: 4\n  hash: md5\n  path: file.txt\n",
    "frozen": "frozen: true\nouts:\n- md5: {md5}\n  size: 4\n  hash: md5\n  path: file.txt\n  cache: true\n",
    "long-text": "outs:\n- md5: {md5}\n  size: 4\n  hash: md5\n  path: file.txt\n  desc: " + "a rather long description, " * 8 + "end\n",
    "unicode": "outs:\n- md5: {md5}\n  size: 4\n  hash: md5\n  path: file.txt\n  desc: Grüße ☃\n  labels: [ä]\n",
    "two-outputs": "outs:\n- md5: {md5}\n  size: 4\n  hash: md5\n  path: file.txt\n- md5: {md5}\n  size: 4\n  hash: md5\n  path: other.txt\n",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_dvc_files(name, twins):
    """However the file was written: both tools read it alike and write it alike."""
    pair = twins(lambda repo: repo.write("file.txt.dvc", ODD[name].format(md5=repos.md5(b"old\n"))))
    pair.write("file.txt", "old\n")
    pair.write("other.txt", "old\n")
    pair.run("status", "--json", compare="json")
    pair.write("file.txt", "changed\n")
    pair.run("commit", "-f", compare="code")
    assert pair.a.tracked() == pair.b.tracked()
    pair.run("status", "--json", compare="json")


DIGITS = ["12345678901234567890123456789012", "0e123456789012345678901234567890", "00000000000000000000000000000012"]


@pytest.mark.parametrize("digest", DIGITS)
def test_hashes_that_look_like_numbers(digest, either, make):
    """Quoted they are hashes; and the tools quote them."""
    repo = make()
    repo.write("f.dvc", f"outs:\n- md5: '{digest}'\n  size: 4\n  hash: md5\n  path: f\n  desc: x\n")
    assert either("status", "--json", cwd=repo).json == {"f.dvc": [{"changed outs": {"f": "not in cache"}}]}
    either("freeze", "f.dvc", cwd=repo)
    assert f"md5: '{digest}'\n" in repo.read("f.dvc")
