"""metrics show, metrics diff and params diff: the same files are found, in the work tree, in the cache and in revisions, and the same is printed."""

import pytest

FILES = {
    "params.yaml": "lr: 0.1\nlayers: [1, 2]\ntrain: {epochs: 3, name: a}\n",
    "other.toml": "[section]\nkey = 1\nf = 2.5\n",
    "conf.py": "SIZE = 10\nclass Train:\n    RATE = 0.5\n",
    "vars.yaml": "used: x\nunused: y\n",
    "dvc.yaml": """\
vars: [vars.yaml]
params: [other.toml]
metrics: [top.json]
stages:
  cached:
    cmd: "echo '{\\"auc\\": 0.5, \\"deep\\": {\\"loss\\": 0.123456789}}' > cached.json; mkdir -p evals && echo 'acc: 0.75' > evals/a.yaml"
    params: [lr, {conf.py: [Train.RATE]}]
    metrics: [cached.json]
    outs: [evals]
  plain:
    cmd: echo ${used} && echo 'f1 = 0.25' > plain.toml
    metrics:
    - plain.toml: {cache: false}
""",
    "top.json": '{"n": 1, "list": [1, 2], "nothing": null, "text": "t"}\n',
    "sub/dvc.yaml": "metrics: [in.yaml]\n",
    "sub/in.yaml": "x: 1\n",
}


def fill(repo):
    for name, text in FILES.items():
        repo.write(name, text)


@pytest.fixture
def pair(twins):
    """Two commits and a changed work tree."""
    made = twins(fill)
    made.run("repro", check=0)
    made.commit("one")
    made.write("params.yaml", FILES["params.yaml"].replace("0.1", "0.25") + "added: true\n")
    made.write("top.json", '{"n": 2.5, "text": "u"}\n')
    made.write("other.toml", "[section]\nkey = 2\n")
    made.write("vars.yaml", "used: z\nunused: y\n")
    made.commit("two")
    made.each(lambda repo: repo.git("tag", "v1", "HEAD~1"))
    made.write("sub/in.yaml", "x: 2\n")
    return made


SHOW = [
    [], ["--md"], ["--precision", "2"], ["-a"], ["-T"], ["-A"], ["-a", "--md"], ["cached.json"], ["evals"], ["evals/a.yaml", "sub"], ["nosuch.json"],
    ["plain.toml", "top.json"], ["-R", "sub"],
]  # fmt: skip


@pytest.mark.parametrize("words", SHOW, ids=lambda words: " ".join(words) or "none")
def test_metrics_show(words, pair):
    pair.run("metrics", "show", *words, compare="lines")
    pair.run("metrics", "show", *[word for word in words if word != "--md"], "--json", compare="json")


@pytest.mark.parametrize("words", [[], ["in.yaml"], ["../top.json"]], ids=" ".join)
def test_metrics_show_in_a_folder(words, pair):
    pair.run("metrics", "show", *words, cwd="sub", compare="lines")
    pair.run("metrics", "diff", "HEAD~1", cwd="sub", compare="lines")
    pair.run("params", "diff", "HEAD~1", cwd="sub", compare="lines")


DIFF = [
    [], ["HEAD~1"], ["HEAD~1", "HEAD"], ["v1", "main"], ["HEAD", "main"], ["HEAD", "HEAD~2"], ["workspace", "HEAD~1"], ["--all", "HEAD~1"], ["--md", "HEAD~1"],
    ["--no-path", "HEAD~1"], ["HEAD~1", "--targets", "top.json", "evals"], ["nosuch"], ["HEAD", "nosuch"],
]  # fmt: skip


@pytest.mark.parametrize("words", DIFF, ids=lambda words: " ".join(words) or "none")
@pytest.mark.parametrize("kind", ["metrics", "params"])
def test_diff(kind, words, pair):
    if kind == "params":
        words = [{"top.json": "params.yaml", "evals": "conf.py"}.get(word, word) for word in words]
    pair.run(kind, "diff", *words, compare="lines")
    pair.run(kind, "diff", *[word for word in words if word != "--md"], "--json", compare="json")


def test_params_of_stages_only(pair):
    pair.run("params", "diff", "--deps", "v1", compare="lines")


@pytest.mark.parametrize("gone", ["cached.json", "evals", "plain.toml", "params.yaml"])
def test_missing_in_the_work_tree(gone, pair):
    """What the cache has is read from there."""
    pair.each(lambda repo: repo.remove(gone))
    pair.run("metrics", "show", compare="lines")
    pair.run("metrics", "show", "evals", "--json", compare="json")
    pair.run("metrics", "diff", "v1", compare="lines")


BROKEN = {"json": ("top.json", "{"), "yaml": ("sub/in.yaml", "a: [\n"), "toml": ("other.toml", "=\n"), "params": ("params.yaml", "a: b: c\n"), "pipeline": ("dvc.yaml", "stages: [\n"), "schema": ("dvc.yaml", "metrics: 1\n")}


TOLD = {"pipeline": "unable to read: 'dvc.yaml', YAML file structure is corrupted\n", "schema": "'./dvc.yaml' validation failed\n"}


@pytest.mark.parametrize("which", BROKEN)
def test_broken_files(which, pair):
    pair.write(*BROKEN[which])
    for words in (["metrics", "show"], ["metrics", "diff", "v1"], ["params", "diff", "v1"]):
        done = pair.run(*words, compare="code")
        assert TOLD.get(which, "") in done.stderr


def test_outside_of_a_project(real, ours, tmp_path):
    (tmp_path / "m.json").write_text('{"a": 1}\n')
    for words in (["metrics", "show", "m.json"], ["metrics", "show"], ["metrics", "diff"]):
        done = [tool(*words, cwd=tmp_path, check=None) for tool in (real, ours)]
        assert (done[0].returncode, done[0].stdout) == (done[1].returncode, done[1].stdout), f"{done[0]}\n{done[1]}"


def test_git_without_dvc(real, ours, make):
    repo = make()
    for name in (".dvc", ".dvcignore"):
        repo.remove(name)
    repo.write("dvc.yaml", "metrics: [m.json]\n")
    repo.write("m.json", '{"a": 1}\n')
    repo.commit()
    repo.write("m.json", '{"a": 2}\n')
    for words in (["metrics", "show"], ["metrics", "show", "-a"], ["metrics", "diff"]):
        done = [tool(*words, cwd=repo, check=None) for tool in (real, ours)]
        assert (done[0].returncode, done[0].stdout) == (done[1].returncode, done[1].stdout), f"{done[0]}\n{done[1]}"
    assert not repo.exists(".dvc")


def test_metrics_only_in_the_remote(order, make, tmp_path):
    first, second = order
    repo = make(config=f"[core]\n    remote = r\n['remote \"r\"']\n    url = {tmp_path}/remote\n")
    fill(repo)
    first("repro", cwd=repo)
    repo.commit()
    first("push", cwd=repo)
    clone = repo.clone(tmp_path / "clone")
    assert second("metrics", "show", "--json", "cached.json", cwd=clone).json[""]["data"]["cached.json"]["data"]["auc"] == 0.5
