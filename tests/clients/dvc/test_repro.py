"""Round trip 3: a pipeline reproduced by one tool is up to date for the other, and dvc.lock is byte for byte the same."""

import pytest

from . import repos

# Everything that dvc.yaml can say, in commands that need nothing but sh. The expected order of a run is in ALL.
PIPELINE = {
    "params.yaml": """\
lr: 0.001
big: 1e16
tiny: 0.00001
flag: true
off: false
nothing: null
name: a b
text: "line one\\nline two\\n"
train:
  epochs: 10
  lst: [1, 2]
  nested: {x: 1, y: [a, b]}
models:
  small: {units: 4, act: relu}
  large: {units: 64, act: 'null'}
seeds: [1, 2.5, true, x-1]
dict: {epochs: 3, flag: true, off: false, lst: [1, 2], name: "a b", nested: {x: 1}, none: null}
""",
    "extra.yaml": "ex: hello\nun: used\n",
    "conf.json": '{"a": {"b": [1, 2, {"c": null}]}, "f": 1.5e-7, "s": "\\u00fc"}\n',
    "conf.toml": 'title = "t"\n[section]\nkey = 1\nf = 2.0\nl = [1, 2]\n',
    "conf.py": 'LR = 0.1\nNAMES = ["a", "b"]\nclass Train:\n    EPOCHS = 7\n    D = {"k": -1}\n    OFF = False\n',
    "raw.txt": "raw\n",
    "folder/a": "1\n",
    "folder/b/ü": "2\n",
    "sub/here.txt": "here\n",
    "sub/params.yaml": "lr: 5\n",
    "dvc.yaml": """\
vars:
  - extra.yaml:ex
  - own: {v: 7, w: "quoted"}
params:
  - conf.json
stages:
  prepare:
    cmd: cat raw.txt > prepared.txt
    deps: [raw.txt]
    outs: [prepared.txt]
  params:
    cmd: echo ${lr} ${train.epochs} ${ex} ${own.v} > p.txt
    deps:
      - prepared.txt
    params:
      - lr
      - big
      - tiny
      - flag
      - nothing
      - name
      - text
      - train.lst.1
      - train
      - conf.json:
          - a.b
          - f
          - s
      - conf.toml:
          - section
          - title
      - conf.py:
          - LR
          - NAMES
          - Train.EPOCHS
          - Train
    outs:
      - p.txt
  whole:
    cmd: echo whole > w.txt
    params:
      - extra.yaml:
      - conf.toml:
    outs:
      - w.txt
  lines:
    cmd:
      - echo 1 > l1.txt
      - cat l1.txt folder/a > l2.txt
    deps: [folder]
    outs: [l1.txt, l2.txt]
  multi:
    cmd: |
      echo a > m1.txt
      echo b > m2.txt
    outs: [m1.txt, m2.txt]
  folded:
    cmd: >-
      echo one
      two > folded.txt
    outs:
      - folded.txt
  unpack:
    cmd: echo ${dict} > u.txt
    outs: [u.txt]
  inner:
    cmd: cat here.txt ../raw.txt > out.txt
    wdir: sub
    deps: [here.txt, ../raw.txt]
    params: [lr]
    outs: [out.txt]
  each:
    foreach: ${models}
    do:
      cmd: echo ${key} ${item.units} ${item.act} > model-${key}.txt
      deps: [prepared.txt]
      outs: ["model-${key}.txt"]
  seed:
    foreach: ${seeds}
    do:
      cmd: echo ${item} > seed-${item}.txt
      outs: ["seed-${item}.txt"]
  mixed:
    foreach:
      - {a: 1}
      - {a: 2}
    do:
      cmd: echo mixed > mixed-${item.a}.txt
      outs: ["mixed-${item.a}.txt"]
  grid:
    matrix:
      seed: [0.1, 2]
      opt: [adam, {name: sgd}]
    cmd: echo ${item.seed} ${key} > grid-${key}.txt
    outs: ["grid-${key}.txt"]
  directory:
    cmd: mkdir -p made/in && echo x > made/x && echo y > made/in/y && cp prepared.txt made/
    deps: [prepared.txt]
    outs: [made]
  metrics:
    cmd: 'echo ''{"auc": 0.5}'' > metrics.json; echo "step,loss" > plot.csv; echo "0,1" >> plot.csv'
    metrics:
      - metrics.json:
          cache: false
    plots:
      - plot.csv:
          x: step
          y: loss
          title: "a: title"
  annotated:
    desc: a stage with a description
    cmd: echo ann > ann.txt; echo keep >> kept.txt
    meta: {owner: us}
    outs:
      - ann.txt:
          desc: annotated
          type: text
          labels: [a, b]
          meta: {k: v}
          push: false
      - kept.txt:
          persist: true
  escaped:
    cmd: echo '\\${HOME} not' > escaped.txt
    outs: [escaped.txt]
""",
}
ALWAYS = {
    "dvc.yaml": """\
stages:
  always:
    cmd: echo always > always.txt
    always_changed: true
    outs: [always.txt]
  callback:
    cmd: echo called
  after:
    cmd: cat always.txt > after.txt
    deps: [always.txt]
    outs: [after.txt]
"""
}
CHAIN = {
    "in.txt": "0\n",
    "params.yaml": "k: 1\n",
    "dvc.yaml": """\
stages:
  a:
    cmd: cat in.txt > a.txt
    deps: [in.txt]
    outs: [a.txt]
  b:
    cmd: cat a.txt > b.txt && echo b >> b.txt
    deps: [a.txt]
    params: [k]
    outs: [b.txt]
  c:
    cmd: cat b.txt > c.txt
    deps: [b.txt]
    outs: [c.txt]
  side:
    cmd: cat in.txt > side.txt
    deps: [in.txt]
    outs: [side.txt]
""",
}


def fill(files):
    def write(repo):
        for name, text in files.items():
            repo.write(name, text)

    return write


def test_up_to_date_for_the_other(order, make):
    first, second = order
    repo = make()
    fill(PIPELINE)(repo)
    first("repro", cwd=repo)
    repo.commit()
    lock = repo.read("dvc.lock")
    assert second("status", "--json", cwd=repo).json == {}
    done = second("repro", cwd=repo)
    assert repos.stage_names(done.stdout) == []
    assert "Stage 'params' didn't change, skipping\n" in done.stdout
    assert "Stage 'grid@0.1-adam' didn't change, skipping\n" in done.stdout
    assert repo.read("dvc.lock") == lock
    assert repo.git("status", "--porcelain") == ""


def test_lock_byte_for_byte(twins):
    pair = twins(fill(PIPELINE))
    pair.run("repro", check=0)
    pair.same(objects=False)
    caches = [{name: value for name, value in repo.objects().items()} for repo in pair.repos]
    assert caches[0] == caches[1], "the run cache is among them"
    pair.run("repro", check=0)
    pair.run("repro", "-f", check=0)
    pair.same(objects=False)


def test_always_changed(twins):
    pair = twins(fill(ALWAYS))
    for _ in range(2):
        pair.run("repro", check=0)
        pair.run("status", "--json", compare="json")
    pair.same(objects=False)


CHANGES = {
    "nothing": lambda repo: None,
    "dependency": lambda repo: repo.write("in.txt", "1\n"),
    "parameter": lambda repo: repo.write("params.yaml", "k: 2\n"),
    "parameter-gone": lambda repo: repo.write("params.yaml", "other: 2\n"),
    "parameter-file-gone": lambda repo: repo.remove("params.yaml"),
    "command": lambda repo: repo.write("dvc.yaml", repo.read("dvc.yaml").replace("echo b >>", "echo B >>")),
    "output-deleted": lambda repo: repo.remove("b.txt"),
    "output-changed": lambda repo: repo.write("b.txt", "by hand"),
    "output-changed-last": lambda repo: repo.write("c.txt", "by hand"),
    "dependency-gone": lambda repo: repo.remove("in.txt"),
    "cache-gone": lambda repo: repos.remove_tree(repo.path / ".dvc/cache"),
    "cache-and-output-gone": lambda repo: (repos.remove_tree(repo.path / ".dvc/cache"), repo.remove("b.txt")),
    "lock-gone": lambda repo: repo.remove("dvc.lock"),
    "stage-gone": lambda repo: repo.write("dvc.yaml", repo.read("dvc.yaml").split("  side:")[0]),
    "stage-new": lambda repo: repo.write("dvc.yaml", repo.read("dvc.yaml") + "  new:\n    cmd: cat c.txt > new.txt\n    deps: [c.txt]\n    outs: [new.txt]\n"),
    "dependency-new": lambda repo: repo.write("dvc.yaml", repo.read("dvc.yaml").replace("deps: [a.txt]", "deps: [a.txt, in.txt]")),
    "output-renamed": lambda repo: repo.write("dvc.yaml", repo.read("dvc.yaml").replace("side.txt", "other.txt")),
    "frozen": lambda repo: (repo.write("dvc.yaml", repo.read("dvc.yaml").replace("  b:\n", "  b:\n    frozen: true\n")), repo.write("in.txt", "1\n")),
    "same-content-again": lambda repo: repo.write("in.txt", "0\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_change_does(change, twins):
    """The reasons, the stages that run, the lock and the outputs are those of the real tool."""
    pair = twins(fill(CHAIN))
    pair.run("repro", check=0)
    pair.commit()
    pair.each(CHANGES[change])
    pair.run("status", "--json", compare="json")
    pair.run("status")
    pair.run("repro")
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.snapshot() == pair.b.snapshot()
    pair.run("status", "--json", compare="json")


OPTIONS = [
    ("-f",), ("-s", "b"), ("-f", "-s", "b"), ("b",), ("-p", "b"), ("-P",), ("--downstream", "b"), ("--force-downstream", "b"), ("--dry",),
    ("--dry", "-f"), ("--no-run-cache",), ("--no-commit",), ("--glob", "[ab]"), ("-R", "."), ("dvc.yaml:b",), ("b.txt",), ("nosuch",), ("-q",), ("-v", "nosuch"),
    ("-k",), ("--allow-missing",), ("a", "side"),
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_options(options, twins):
    pair = twins(fill(CHAIN))
    pair.run("repro", check=0)
    pair.write("in.txt", "1\n")
    pair.run("repro", *options, compare="code" if "-v" in options else "text")
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.snapshot() == pair.b.snapshot()
    pair.run("status", "--json", compare="json")


@pytest.mark.parametrize("options", [(), ("-k",), ("--ignore-errors",), ("-k", "-f")], ids=lambda words: " ".join(words) or "none")
def test_a_stage_fails(options, twins):
    broken = CHAIN["dvc.yaml"].replace("cat a.txt > b.txt && echo b >> b.txt", "echo partly > b.txt; exit 7")
    pair = twins(fill(CHAIN | {"dvc.yaml": broken}))
    pair.run("repro", *options, check=0 if "--ignore-errors" in options else 255)
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.snapshot() == pair.b.snapshot()
    pair.run("status", "--json", compare="json")


def test_output_that_is_not_made(twins):
    pair = twins(fill({"dvc.yaml": "stages:\n  a:\n    cmd: 'true'\n    outs: [a.txt]\n"}))
    pair.run("repro", check=255)
    assert pair.a.tracked() == pair.b.tracked()


def test_several_files(twins):
    files = {
        "dvc.yaml": "stages:\n  top:\n    cmd: cat one/a.txt two/b.txt > top.txt\n    deps: [one/a.txt, two/b.txt]\n    outs: [top.txt]\n",
        "one/dvc.yaml": "stages:\n  a:\n    cmd: cat ../raw > a.txt\n    deps: [../raw]\n    outs: [a.txt]\n",
        "two/dvc.yaml": "stages:\n  b:\n    cmd: cat ../one/a.txt > b.txt\n    deps: [../one/a.txt]\n    outs: [b.txt]\n",
    }
    pair = twins(fill(files))
    pair.write("raw", "0")
    pair.run("add", "raw", check=0)
    pair.run("repro", check=0)
    pair.same(objects=False)
    pair.write("raw", "1")
    pair.run("repro", cwd="two", check=0)
    pair.run("status", "--json", compare="json")
    pair.run("repro", "-P", check=0)
    pair.same(objects=False)


def test_data_file_in_the_middle(twins):
    """A .dvc file whose data changed is committed by `repro` as a stage of its own."""
    pair = twins(fill({"dvc.yaml": "stages:\n  a:\n    cmd: cat d/x > a.txt\n    deps: [d]\n    outs: [a.txt]\n"}))
    pair.write("d/x", "1")
    pair.run("add", "d", check=0)
    pair.run("repro", check=0)
    pair.write("d/x", "2")
    pair.run("repro", check=0)
    pair.same(objects=False)


def test_stages_by_turns(order, make):
    """Each tool does a part; the other goes on from there."""
    first, second = order
    repo = make()
    fill(CHAIN)(repo)
    first("repro", "a", cwd=repo)
    assert repos.stage_names(second("repro", "b", cwd=repo).stdout) == ["b"]
    assert repos.stage_names(first("repro", cwd=repo).stdout) == ["c", "side"]
    assert repos.stage_names(second("repro", cwd=repo).stdout) == []
    repo.write("params.yaml", "k: 2\n")
    assert repos.stage_names(second("repro", cwd=repo).stdout) == ["b"], "the output of b did not change, so c is not run"
    assert first("status", "--json", cwd=repo).json == {}


def test_pull_during_repro(order, make, tmp_path):
    first, second = order
    repo = make(config=f"[core]\n    remote = r\n['remote \"r\"']\n    url = {tmp_path}/remote\n")
    fill(CHAIN)(repo)
    first("repro", cwd=repo)
    repo.commit()
    first("push", cwd=repo)
    clone = repo.clone(tmp_path / "clone")
    clone.write("params.yaml", "k: 2\n")
    done = second("repro", "--pull", cwd=clone)
    assert repos.stage_names(done.stdout) == ["b"]
    assert first("status", "--json", cwd=clone).json == {}


def test_pull_without_a_run_cache(twins):
    """Each time DVC warns that there is none to pull from."""
    pair = twins(fill(CHAIN))
    wanted = "Failed to pull run cache: config file error: no remote specified in"
    assert wanted in pair.run("repro", "--pull", compare="lines", check=0).stderr
    pair.run("repro", "--pull", check=0)
    pair.run("repro", "--pull", "-q", check=0)
    pair.run("repro", "--pull", "--no-run-cache", check=0)
    pair.run("remote", "add", "-d", "r", "http://127.0.0.1:9/", check=0)
    assert "run-cache is not supported for http filesystem: http://127.0.0.1:9/" in pair.run("repro", "--pull", check=0).stderr
    pair.run("config", "core.remote", "nosuch", check=0)
    pair.run("repro", "--pull", compare="code")


@pytest.mark.parametrize("options", [(), ("-s", "c")], ids=lambda options: " ".join(options) or "all")
def test_pull_of_an_import(options, twins):
    """`repro --pull` brings an import from where it was imported from; a stage that has never run is run."""
    pair = twins()
    pair.each(lambda repo: repos.Repo(repo.beside("other"), repo.env).init().write("in.txt", "1"))
    for tool, repo in zip(pair.tools, pair.repos):
        other = repos.Repo(repo.beside("other"), repo.env)
        tool("add", "in.txt", cwd=other)
        other.commit()
        tool("import", "../other", "in.txt", cwd=repo)
    pair.run("stage", "add", "-n", "c", "-d", "in.txt", "-o", "out.txt", "cp in.txt out.txt", check=0)
    pair.each(lambda repo: (repo.remove("in.txt"), repos.remove_tree(repo.path / ".dvc/cache")))
    pair.run("repro", "--pull", *options, check=0)
    assert pair.b.read("out.txt") == "1"


def test_dependency_that_dvcignore_hides(twins):
    """`.dvcignore` is for outputs and for what is looked for in folders: a dependency that it names is one all the same."""
    pair = twins()
    pair.write(".dvcignore", "dir\n")
    pair.write("dir/foo", "foo")
    pair.run("stage", "add", "-n", "c", "-d", "dir/foo", "-o", "bar", "cp dir/foo bar", check=0)
    pair.run("repro", check=0)
    pair.run("status", check=0)
    pair.write("dir/foo", "changed")
    pair.run("status", check=0)
    pair.run("repro", check=0)
    pair.same()


def test_allow_missing(order, make, tmp_path):
    first, second = order
    repo = make()
    fill(CHAIN)(repo)
    first("repro", cwd=repo)
    repo.commit()
    clone = repo.clone(tmp_path / "clone")
    done = second("repro", "--allow-missing", "--dry", cwd=clone)
    assert repos.stage_names(done.stdout) == []


def test_commit_of_a_stage(twins):
    pair = twins(fill(CHAIN))
    pair.run("repro", check=0)
    pair.write("b.txt", "by hand")
    pair.run("commit", "-f", "b", check=0)
    assert pair.a.tracked() == pair.b.tracked()
    pair.run("status", "--json", compare="json")


@pytest.mark.parametrize("verb", ["freeze", "unfreeze"])
def test_freeze(verb, twins):
    pair = twins(fill(CHAIN))
    pair.run("freeze", "b", check=0)
    if verb == "unfreeze":
        pair.run("unfreeze", "b", check=0)
    pair.write("in.txt", "1\n")
    pair.run("repro")
    assert pair.a.tracked() == pair.b.tracked()


STAGE_ADD = [
    ["-n", "x", "-d", "in.txt", "-o", "x.txt", "cp in.txt x.txt"],
    ["-n", "x", "-d", "in.txt", "-O", "x.txt", "-m", "m.json", "-M", "n.json", "--plots", "p.csv", "--plots-no-cache", "q.csv", "-p", "k,params2.yaml:a.b,c", "cmd", "with", "two words"],
    ["-n", "x", "-w", "sub", "-d", "../in.txt", "-o", "y", "cp ../in.txt y"],
    ["-n", "x", "--outs-persist", "keep", "--outs-persist-no-cache", "keep2", "--always-changed", "--desc", "what it does", "echo"],
    ["-n", "c", "-f", "-o", "c.txt", "echo again > c.txt"],
    ["-n", "c", "-o", "c.txt", "echo again > c.txt"],
    ["-n", "bad name!", "echo"],
    ["-n", "x", "-o", "a.txt", "echo"],
    ["--run", "-n", "x", "-d", "in.txt", "-o", "x.txt", "cp in.txt x.txt"],
]  # fmt: skip


@pytest.mark.parametrize("words", STAGE_ADD, ids=lambda words: " ".join(words)[:40])
def test_stage_add(words, twins):
    pair = twins(fill(CHAIN | {"sub/x": "1"}))
    pair.run("stage", "add", *words)
    assert pair.a.tracked() == pair.b.tracked()


@pytest.mark.parametrize("target", ["b", "side", "a.txt", "nosuch"])
def test_remove_a_stage(target, twins):
    pair = twins(fill(CHAIN))
    pair.run("repro", check=0)
    pair.run("remove", target)
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.snapshot() == pair.b.snapshot()


@pytest.mark.stricter("run stages side by side")
def test_parallel(ours, real, make):
    """Two stages that wait for each other end only when they run at the same time."""
    repo = make()
    stage = "  {0}:\n    cmd: touch {0}.here; for i in $(seq 100); do if [ -e {1}.here ]; then echo {0} > {0}.txt; exit 0; fi; sleep 0.1; done; exit 1\n    outs: [{0}.txt]\n"
    repo.write("dvc.yaml", "stages:\n" + stage.format("a", "b") + stage.format("b", "a"))
    ours("repro", "-j", "2", cwd=repo)
    assert real("status", "--json", cwd=repo).json == {}


def test_command_reads_our_stdin(twins):
    """Stages one after the other share it; there is nothing left for the second."""
    pair = twins(lambda repo: repo.write("dvc.yaml", "stages:\n  a:\n    cmd: cat > a\n    outs: [a]\n  b:\n    cmd: cat a - > b\n    deps: [a]\n    outs: [b]\n"))
    pair.run("repro", stdin="typed\n", check=0)
    assert pair.b.read("a") == pair.b.read("b") == "typed\n"
    pair.same()
