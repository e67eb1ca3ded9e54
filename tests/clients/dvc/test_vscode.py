"""The commands that DVC's extension for VS Code issues: each is answered as the real tool answers it.

What exp show, plots diff and the queue say in full is in test_exp.py, test_plots.py and test_queue.py.
"""

import pytest

FILES = {
    "params.yaml": "lr: 0.1\n",
    "raw.txt": "raw\n",
    "dvc.yaml": """\
stages:
  prep:
    cmd: cp raw.txt prep.txt
    deps: [raw.txt]
    outs: [prep.txt]
  train:
    cmd: 'echo "{\\"auc\\": 0.5}" > m.json; cp prep.txt model.bin; (echo s,v; echo 0,1) > p.csv'
    deps: [prep.txt]
    params: [lr]
    outs: [model.bin]
    metrics: [m.json: {cache: false}]
    plots: [p.csv: {cache: false}]
""",
}

READ = {
    "json": [
        "data status --granular --unchanged --json", "data status --granular --unchanged --json --not-in-remote --no-remote-refresh", "exp show --json", "exp show --json --no-fetch",
        "exp show --json -n 3 -A", "exp show --json --rev HEAD~1", "metrics diff --json", "params diff --json", "diff --json", "status --json", "ls . --json -R --dvc-only",
    ],
    "text": [
        "root", "stage list", "stage list --all", "dag --md", "dag --dot", "dag --mermaid", "remote list", "remote list --project", "config core.remote", "config --project core.remote",
        "config --local core.remote", "config --list", "config --list --show-origin", "config exp.auto_push", "check-ignore -d x.ignored", "check-ignore prep.txt", "queue status",
        "exp list --name-only", "exp list --sha-only", "studio token", "config --global studio.token", "config --global studio.offline",
    ],
}  # fmt: skip

WRITE = [
    "add more.bin", "move more.bin less.bin", "commit -f", "checkout -f", "push", "pull", "fetch", "remote add second ../other", "remote default second",
    "remote modify second url ../another", "remote rename second third", "remote remove third", "config --project core.autostage true", "config --project --unset core.autostage",
    "config --local studio.token abc", "studio token", "config --local --unset studio.token", "exp run -n one -S lr=0.2", "exp branch one side", "exp rename one two", "exp apply two",
    "exp remove two", "exp run --queue -n later", "exp remove --queue", "queue stop", "queue stop --kill", "queue kill",
    "remove less.bin.dvc",  # the last: the next checkout of the real tool removes the data, ours does not
]  # fmt: skip


def fill(repo):
    for name, text in FILES.items():
        repo.write(name, text)
    repo.write(".dvcignore", "*.ignored\n")
    repo.write("x.ignored", "")
    repo.write("more.bin", b"\0\1")
    repo.write(".gitignore", "/more.bin\n")


@pytest.fixture
def pair(twins):
    made = twins(config="[core]\n    remote = r\n['remote \"r\"']\n    url = ../../remote\n")
    made.each(fill)
    made.run("add", "raw.txt", check=0)
    made.run("repro", check=0)
    made.commit("one")
    return made


def test_reads(pair):
    pair.write("params.yaml", "lr: 0.3\n")
    for compare, commands in READ.items():
        for words in commands:
            pair.run(*words.split(), compare=compare)
    pair.run("plots", "diff", "HEAD", "-o", ".dvc/tmp/plots", "--split", "--json", compare="code", check=0)
    assert "3.67" in pair.tools[1]("--version", cwd=pair.b).stdout or pair.tools[1]("version", cwd=pair.b).stdout


def test_writes(pair):
    for words in WRITE:
        pair.run(*words.split(), compare="lines")
    pair.same()


def test_init_in_a_folder(pair):
    pair.each(lambda repo: (repo.path / "below").mkdir())
    pair.run("init", "--subdir", cwd="below", check=0)
    pair.run("root", cwd="below")
    pair.same()
