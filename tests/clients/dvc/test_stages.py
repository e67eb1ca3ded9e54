"""stage list, dag, freeze: what they say of a pipeline; and what an interrupted or failing repro leaves behind."""

import json
import os
import re
import signal

import pytest

from . import repos
from conftest import wait_for

FILES = {
    "in.txt": "1\n",
    "dvc.yaml": """\
stages:
  first:
    cmd: cat in.txt > a.txt
    deps: [in.txt]
    outs: [a.txt]
  each:
    foreach: [x, y]
    do:
      cmd: cat a.txt > ${item}.txt
      deps: [a.txt]
      outs: ["${item}.txt"]
  described:
    desc: "\\n  what it is for\\nmore"
    cmd: echo 1 > d.txt; echo '{}' > m.json
    outs: [d.txt]
    metrics: [m.json: {cache: false}]
  long:
    cmd: echo
    deps: [in.txt, x.txt, y.txt, a-very-long-name-of-a-file-number-one.txt, a-very-long-name-of-a-file-number-two-ü.txt]
  none:
    cmd: echo
""",
    "sub/dvc.yaml": "stages:\n  deep:\n    cmd: cat ../x.txt > z.txt\n    deps: [../x.txt]\n    outs: [z.txt]\n",
}


def fill(repo):
    for name, text in FILES.items():
        repo.write(name, text)


@pytest.fixture
def pair(twins):
    made = twins(fill)
    made.write("data", "1")
    made.run("add", "data", check=0)
    return made


LIST = [
    [], ["--all"], ["--name-only"], ["--all", "--names-only"], ["data.dvc"], ["sub/dvc.yaml"], ["-R", "."], ["-R", "sub"], ["each", "first"], ["each", "each@x"],
    ["nosuch"], ["nosuch/dvc.yaml"],
]  # fmt: skip


@pytest.mark.parametrize("words", LIST, ids=lambda words: " ".join(words) or "none")
def test_stage_list(words, pair):
    pair.run("stage", "list", *words)


@pytest.mark.parametrize("words", [[], ["--all"], ["--all", "--fail"], ["--fail"]], ids=lambda words: " ".join(words) or "none")
def test_stage_list_with_a_broken_file(words, pair):
    pair.write("sub/dvc.yaml", "stages: 1\n")
    pair.run("stage", "list", *words, compare="code")


def graph_of(dot):
    """Nodes and edges of a dot text."""
    edges = set(re.findall(r'^("[^"]+") -> ("[^"]+");$', dot, flags=re.MULTILINE))
    return set(re.findall(r'^("[^"]+");$', dot, flags=re.MULTILINE)), edges


DAG = [[], ["each@x"], ["each"], ["--full", "first"], ["-o"], ["-o", "--full", "x.txt"], ["--collapse-foreach-matrix"], ["sub/dvc.yaml:deep"], ["x.txt"], ["data.dvc"]]


@pytest.mark.parametrize("words", DAG, ids=lambda words: " ".join(words) or "none")
def test_dag(words, pair):
    if words == ["-o", "--full", "x.txt"]:
        pytest.skip("the real tool fails with an unexpected error")
    dots = [graph_of(tool("dag", "--dot", *words, cwd=repo).stdout) for tool, repo in zip(pair.tools, pair.repos)]
    assert dots[0] == dots[1]
    pair.run("dag", "--mermaid", *words, compare="lines")
    pair.run("dag", "--md", *words, compare="lines")


@pytest.mark.parametrize("words", [["nosuch"], ["-o", "--collapse-foreach-matrix"]], ids=" ".join)
def test_dag_refuses(words, pair):
    pair.run("dag", *words)


@pytest.mark.parametrize("words", [["first"], ["first", "described"], ["nosuch", "first"], ["dvc.yaml"], ["data.dvc"], ["each@x"], ["each"], ["sub/dvc.yaml:deep"]], ids=" ".join)
@pytest.mark.parametrize("verb", ["freeze", "unfreeze"])
def test_freeze(verb, words, pair):
    pair.run(verb, *words)
    pair.run(verb, *words)
    assert pair.a.tracked() == pair.b.tracked()


@pytest.mark.parametrize("words", [["echo", "--name", "a b", ""], ["--", "echo", "1"], ["-q", "echo"], ["echo \"a\"", "b c"]], ids=" ".join)
def test_words_of_a_command(words, twins):
    """All behind the first word belongs to the command, also what looks like an option."""
    pair = twins()
    pair.run("stage", "add", "-n", "s", "-d", "in", *words)
    assert pair.a.tracked() == pair.b.tracked()


SLOW = "stages:\n  a:\n    cmd: echo 1 > a.txt\n    outs: [a.txt]\n  b:\n    cmd: touch started; sleep 60 & wait; echo > never\n    deps: [a.txt]\n    outs: [b.txt]\n"


@pytest.mark.parametrize("options", [[], ["-j", "2"]], ids=lambda words: " ".join(words) or "none")
def test_interrupt(options, ours, real, make):
    """Ctrl-C kills the command with all it has started; what was done stays done and valid."""
    repo = make()
    if ours.starter is real.starter:
        pytest.skip("the real tool says 255")
    repo.write("dvc.yaml", SLOW)
    process = ours.start("repro", *options, cwd=repo)
    wait_for(lambda: repo.exists("started"), what="the stage")
    os.kill(process.pid, signal.SIGINT)
    done = process.finish(20)
    assert done.returncode == 252, done
    assert "ERROR: interrupted by the user\n" in done.stderr
    assert real("status", "--json", "a", cwd=repo).json == {}
    assert json.loads(repo.read(".dvc/tmp/rwlock") or "{}").get("write", {}) == {}
    assert not repo.exists("never")
    repo.write("dvc.yaml", SLOW.replace("sleep 60 & wait; echo > never", "echo 2 > b.txt"))
    assert repos.stage_names(ours("repro", cwd=repo).stdout) == ["b"]
    assert real("status", "--json", cwd=repo).json == {}


TWO_OUTS = """\
stages:
  both:
    cmd: mkdir -p d/sub && echo 1 > a.txt && echo 2 > d/x && echo 3 > d/sub/y
    outs: [a.txt, d]
"""


@pytest.mark.parametrize("target", ["a.txt", "d", "both"])
def test_commit_of_one_output(target, twins):
    """All of the stage is recorded; stored is what is meant."""
    pair = twins(lambda repo: repo.write("dvc.yaml", TWO_OUTS))
    pair.run("repro", "--no-commit", check=0, compare="code")
    pair.run("commit", target, check=0)
    pair.same()


@pytest.mark.parametrize("option", ["-d", "-o", "-O", "-M", "--plots"])
@pytest.mark.parametrize("url", ["foo://bucket/x", "remote://nosuch/x"])
def test_stage_add_of_a_strange_url(option, url, twins):
    pair = twins()
    pair.run("stage", "add", "-n", "one", option, url, "echo", compare="text")
    assert pair.a.tracked() == pair.b.tracked()
