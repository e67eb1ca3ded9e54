"""Experiments: what one tool has made the other shows, applies and removes; commits, trees and messages are the same."""

import json
import os
import re
import shutil
import signal
import time

import pytest

from . import repos

PARAMS = "# rates\nlr: 0.1\ntrain:\n  epochs: 3   # few\n"
FILES = {
    "params.yaml": PARAMS,
    "conf.json": '{"depth": 2}',
    "raw.txt": "raw\n",
    "train.py": "code\n",
    "dvc.yaml": """\
stages:
  prep:
    cmd: cp raw.txt prep.txt
    deps: [raw.txt]
    outs: [prep.txt]
  train:
    cmd: >-
      echo "{\\"auc\\": ${lr}, \\"n\\": {\\"loss\\": 0.123456789, \\"l\\": 1}}" > m.json; cp prep.txt model.bin;
      echo "$DVC_EXP_NAME" > name.txt
    deps: [prep.txt, train.py]
    params: [lr, train.epochs, conf.json: [depth]]
    outs: [model.bin, name.txt: {cache: false}]
    metrics:
    - m.json:
        cache: false
""",
}


def fill(repo):
    for name, text in FILES.items():
        repo.write(name, text)


@pytest.fixture
def project(make, ours):
    """A repository whose pipeline has run at its only commit but one."""
    repo = make()
    fill(repo)
    ours("add", "raw.txt", cwd=repo)
    ours("repro", cwd=repo)
    repo.commit("base")
    return repo


def refs(repo, prefix="refs/exps"):
    """{ref: commit} of experiments, without the tools' own refs."""
    lines = repo.git("for-each-ref", "--format=%(refname) %(objectname)", prefix).split()
    found = dict(zip(lines[::2], lines[1::2]))
    return {ref: commit for ref, commit in found.items() if re.fullmatch(r"refs/exps/[0-9a-f]{2}/[0-9a-f]{38}/[^/]+", ref)}


def ref_of(repo, name):
    head = repo.git("rev-parse", "HEAD").strip()
    return f"refs/exps/{head[:2]}/{head[2:]}/{name}"


def tidy(repo):
    """The work tree of HEAD again."""
    repo.git("reset", "-q", "--hard")


# ---------------------------------------------------------------- run
def test_commit_is_the_same(twins):
    pair = twins(fill)
    pair.run("add", "raw.txt")
    pair.run("repro")
    pair.commit()
    pair.run("exp", "run", "-n", "one", "-S", "lr=0.25", "-S", "train.epochs=5", "-S", "conf.json:depth=3", check=0)
    pair.same()
    a, b = (re.sub(r"\d{10} ", "TIME ", repo.git("cat-file", "-p", ref_of(repo, "one")).rstrip()) for repo in pair.repos)
    assert a == b  # tree, baseline and message with the hash of the stages
    assert "dvc: commit experiment " in b
    pair.run("exp", "run", "-n", "two", "-S", "lr=0.5", "-m", "mine", check=0)
    assert pair.b.git("log", "-1", "--format=%s", ref_of(pair.b, "two")) == "mine\n"


@pytest.mark.parametrize(
    "words",
    [
        ["run", "-n", "one"], ["run", "-n", "a/b"], ["run", "-n", "a..b"], ["run", "-S", "nope=1"], ["run", "-S", "+lr=1"], ["run", "-S", "~nope"],
        ["run", "-S", "train.nope=1"], ["run", "-S", "lr=1,2"], ["save", "-n", "one"], ["apply", "nope"], ["branch", "nope"], ["rename", "nope", "x"],
        ["rename", "one", "one"], ["rename", "x"], ["remove", "nope"], ["remove", "nope", "nay"], ["remove"], ["list"], ["list", "--name-only"], ["list", "--sha-only"],
        ["list", "nowhere"], ["diff"], ["diff", "one"], ["diff", "one", "--all"], ["diff", "HEAD", "one", "--md"], ["diff", "one", "--no-path", "--precision", "2"],
        ["diff", "one", "nope"], ["show", "--csv"], ["show", "--md"], ["show"], ["show", "--only-changed", "--md"], ["show", "--sort-by", "auc", "--md"],
        ["show", "--sort-by", "nope"], ["show", "--drop", ".*txt", "--md"], ["show", "--keep", "rev", "--md"], ["show", "--sha", "--csv"], ["show", "--csv", "--precision", "2"],
        ["show", "--hide-workspace", "--param-deps", "--md"], ["show", "--rev", "nope"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_texts(project, real, ours, words):
    """What is printed, with one experiment of each tool there; nothing is written."""
    real("exp", "run", "-n", "one", "-S", "lr=0.25", cwd=project)
    ours("exp", "run", "-n", "two", "-S", "lr=0.5", cwd=project)
    if "save" not in words and "run" not in words and "show" not in words:
        tidy(project)
    before = refs(project)
    done = [tool("exp", *words, cwd=project, check=None) for tool in (real, ours)]
    repos.agree(*done, "lines", [project.path])
    assert refs(project) == before


def test_show_json(project, real, ours):
    for tool, name, rate in ((ours, "a", 1), (real, "b", 2), (ours, "c", 0.5)):
        tool("exp", "run", "-n", name, "-S", f"lr={rate}", cwd=project)
    for words in ([], ["-A"], ["-n", "2"], ["--rev", "HEAD~1", "-n", "5"], ["--no-fetch", "--sha"], ["-a", "-T", "--param-deps"], ["--hide-workspace"]):
        done = [tool("exp", "show", "--json", *words, cwd=project).json for tool in (real, ours)]
        assert done[0] == done[1], words
    project.write("dvc.yaml", "stages: 5\n")
    project.write("params.yaml", "a: [\n")
    states = [tool("exp", "show", "--json", cwd=project).json for tool in (real, ours)]
    assert states[0][1:] == states[1][1:]
    assert states[1][0]["data"] is None and states[1][0]["error"]["type"] == states[0][0]["error"]["type"]


def test_odd_values_in_show(project, real, ours):
    project.write("m.json", "{")
    project.write("odd.yaml", "lr: .nan\nl: [1, {a: .5}]\ndeep: {x: {}, y: null}\nbig: 1e20\nt: true\n")
    project.write("dvc.yaml", project.read("dvc.yaml") + "params: [odd.yaml, gone.toml]\n")
    project.remove("raw.txt.dvc")
    done = [tool("exp", "show", "--json", cwd=project) for tool in (real, ours)]
    assert '"lr": NaN' in done[1].stdout
    # The real tool names the file twice over in the message of what it cannot read.
    settled = [re.sub(r'"msg": "[^"]*"', '"msg"', json.dumps(one.json, sort_keys=True)) for one in done]
    assert settled[0] == settled[1]
    assert "unable to read: 'm.json', JSON file structure is corrupted" in done[1].stdout
    for style in ("--csv", "--md"):
        tables = [tool("exp", "show", style, cwd=project).stdout for tool in (real, ours)]
        assert tables[0] == tables[1]


def test_user_state_is_left_alone(project, ours):
    """Unlike the real tool: no stash, HEAD and index as they were, so that a kill costs nothing."""
    project.write("staged.txt", "s\n")
    project.git("add", "staged.txt")
    project.write("train.py", "changed\n")
    project.write("loose.txt", "l\n")
    index = project.git("ls-files", "--stage")
    ours("exp", "run", "-n", "one", "-S", "lr=0.25", cwd=project)
    assert project.git("ls-files", "--stage") == index
    assert project.git("symbolic-ref", "HEAD").strip() == "refs/heads/main"
    assert project.git("stash", "list") == "" and len(project.git("reflog").splitlines()) == 2  # two commits
    files = project.git("ls-tree", "-r", "--name-only", ref_of(project, "one")).split()
    assert "staged.txt" in files and "loose.txt" not in files
    assert project.git("show", ref_of(project, "one") + ":train.py") == "changed\n"
    assert not [name for name in os.listdir(project.path / ".git") if "mlean" in name]


def test_temporary(project, real, ours):
    project.write("train.py", "changed\n")
    project.write("raw.txt", "new\n")
    project.write("loose.txt", "l\n")
    before = project.snapshot()
    done = ours("exp", "run", "--temp", "-n", "one", "-S", "lr=0.25", "-S", "+deep.new=[1,2]", cwd=project)
    assert "Ran experiment(s): one\nTo apply the results of an experiment to your workspace run:" in done.stdout
    assert project.snapshot() == before
    assert os.listdir(project.path / ".dvc/tmp/exps/standalone") == ["run"]
    assert os.listdir(project.path / ".dvc/tmp/exps/standalone/run") == []
    assert project.git("show", ref_of(project, "one") + ":params.yaml").endswith("deep:\n  new:\n  - 1\n  - 2\n")
    assert project.git("show", ref_of(project, "one") + ":name.txt") == "one\n"
    shown = real("exp", "show", "--json", "--hide-workspace", cwd=project).json
    assert shown == ours("exp", "show", "--json", "--hide-workspace", cwd=project).json
    real("exp", "apply", "one", cwd=project)
    assert project.read("model.bin") == "new\n"


def test_temporary_tells_what_it_leaves_out(project, real, ours):
    """What the copy's experiment has is not among it, also when git did not track it before."""
    project.write("dvc.yaml", project.read("dvc.yaml").replace("cp prep.txt model.bin", "cp prep.txt model.bin; echo > extra"))
    project.sh("git rm -q --cached dvc.lock")
    told = [tool("exp", "run", "--temp", "-n", tool.name, cwd=project).stderr.split("commits:\n")[1] for tool in (real, ours)]
    assert "extra" in told[0] and "dvc.lock" not in told[0]
    assert told[0].rstrip() == told[1].rstrip()


def test_temporary_with_copied_paths(project, ours):
    project.write(".gitignore", project.read(".gitignore") + "/secret\n")
    project.commit()
    project.write("secret/key", "k\n")
    project.write("dvc.yaml", project.read("dvc.yaml").replace("cp prep.txt model.bin", "cp secret/key model.bin"))
    assert ours("exp", "run", "--temp", "-n", "no", cwd=project, check=None).returncode == 255
    assert refs(project) == {}
    ours("exp", "run", "--temp", "-n", "yes", "-C", "secret", cwd=project)
    assert list(refs(project)) == [ref_of(project, "yes")]


def test_project_below_git(make, real, ours):
    repo = make()
    (repo.path / ".dvc").rename(repo.path / "old")
    for name in FILES:
        repo.write(f"sub/{name}", FILES[name])
    (repo.path / "old").rename(repo.path / "sub/.dvc")
    repo.remove(".dvcignore")
    repo.write("sub/.dvcignore", "")
    sub = repo.path / "sub"
    ours("add", "raw.txt", cwd=sub)
    ours("repro", cwd=sub)
    repo.commit()
    ours("exp", "run", "-n", "one", "-S", "lr=0.25", cwd=sub)
    ours("exp", "run", "--temp", "-n", "two", "-S", "lr=0.5", cwd=sub)
    real("exp", "run", "-n", "three", "-S", "lr=0.75", cwd=sub)
    shown = [tool("exp", "show", "--json", cwd=sub).json for tool in (real, ours)]
    assert shown[0] == shown[1]
    assert {one["name"] for one in shown[1][1]["experiments"]} == {"one", "two", "three"}
    tidy(repo)
    ours("exp", "apply", "two", cwd=sub)
    assert '"auc": 0.5' in repo.read("sub/m.json")


def test_failed_run_leaves_no_experiment(project, real, ours):
    done = [tool("exp", "run", "-n", "bad", "-S", "lr='\"; exit 7; echo \"'", cwd=project, check=None) for tool in (real, ours)]
    assert [one.returncode for one in done] == [255, 255]
    assert "exited with 7" in done[1].stderr
    assert refs(project) == {}
    assert ours("exp", "show", "--json", cwd=project).json[1]["experiments"] is None


# ---------------------------------------------------------------- running
def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # between two looks


@pytest.mark.parametrize("temporary", [False, True])
def test_running_is_seen(project, real, ours, temporary):
    project.write("dvc.yaml", project.read("dvc.yaml").replace("cmd: >-\n      echo", "cmd: >-\n      touch $DVC_ROOT/started; sleep 60; echo"))
    words = ["exp", "run", "-n", "slow", "-S", "lr=0.25", *(["--temp"] if temporary else [])]
    process = ours.start(*words, cwd=project)
    try:
        wait_for(lambda: project.exists("started"))
        shown = [tool("exp", "show", "--json", cwd=project).json for tool in (real, ours)]
    finally:
        process.signal(signal.SIGINT)
    assert process.finish().returncode == 252
    assert shown[0] == shown[1]
    (one,) = shown[1][1]["experiments"]
    assert one["name"] == "slow" and one["executor"]["state"] == "running" and one["executor"]["local"]["pid"] == process.pid
    assert ours("exp", "show", "--json", cwd=project).json[1]["experiments"] is None
    assert refs(project) == {}


def test_killed_copy_is_removed_by_the_next(project, ours):
    project.write("dvc.yaml", project.read("dvc.yaml").replace("cmd: >-\n      echo", "cmd: >-\n      touch $DVC_ROOT/started; sleep ${wait}; echo"))
    project.write("params.yaml", PARAMS + "wait: 60\n")
    process = ours.start("exp", "run", "--temp", "-n", "slow", cwd=project)
    wait_for(lambda: project.exists("started"))
    process.kill()
    copies = project.path / ".dvc/tmp/exps/standalone"
    assert len(os.listdir(copies)) == 2
    assert ours("exp", "show", "--json", cwd=project).json[1]["experiments"] is None
    ours("exp", "run", "--temp", "-n", "quick", "-S", "wait=0", cwd=project)
    assert os.listdir(copies) == ["run"] and os.listdir(copies / "run") == []


# ---------------------------------------------------------------- save, apply, branch, rename, remove
def test_save(order, project):
    first, second = order
    project.write("m.json", '{"auc": 9}\n')
    project.write("loose.txt", "l\n")
    project.write("other.txt", "o\n")
    done = first("exp", "save", "-n", "s", "-I", "loose.txt", "-m", "kept", cwd=project)
    assert done.stdout == "Updating lock file 'dvc.lock'\nExperiment has been saved as: s\n"
    if first.name == "mlean":  # the real tool does not look at -I here
        assert done.stderr.endswith("not be included in the experiment commit:\n\tother.txt\n")
    assert project.git("log", "-1", "--format=%s", ref_of(project, "s")) == "kept\n"
    files = project.git("ls-tree", "-r", "--name-only", ref_of(project, "s")).split()
    assert "loose.txt" in files and "other.txt" not in files
    ref = second("exp", "save", "-f", "-n", "s", "--json", cwd=project).json["ref"]
    assert refs(project)[ref_of(project, "s")] == ref
    assert first("exp", "show", "--json", cwd=project).json == second("exp", "show", "--json", cwd=project).json


def test_apply(order, project):
    first, second = order
    first("exp", "run", "-n", "one", "-S", "lr=0.25", cwd=project)
    tree_of_one = project.snapshot()
    second("exp", "run", "-n", "two", "-S", "lr=0.5", cwd=project)
    second("exp", "apply", "one", cwd=project)
    assert project.snapshot() == tree_of_one
    assert project.git("rev-parse", "refs/exps/exec/EXEC_APPLY").strip() == refs(project)[ref_of(project, "one")]
    first("exp", "apply", "two", cwd=project)
    assert '"auc": 0.5' in project.read("m.json")


def test_apply_can_be_taken_back(project, ours):
    ours("exp", "run", "-n", "one", "-S", "lr=0.25", cwd=project)
    tidy(project)
    ours("checkout", cwd=project)
    project.write("train.py", "precious\n")
    project.write("loose.txt", "l\n")
    before = project.snapshot()
    ours("exp", "apply", "one", cwd=project)
    assert project.read("params.yaml").startswith("# rates\nlr: 0.25\n")
    assert project.read("train.py") == "code\n" and project.read("loose.txt") == "l\n"
    # As the real tool tells its users to.
    project.remove("loose.txt")
    project.git("reset", "-q", "--hard")
    project.git("stash", "apply", "refs/exps/apply/stash")
    ours("checkout", cwd=project)
    assert project.snapshot() == before


def test_apply_without_data(project, ours, real):
    ours("exp", "run", "-n", "one", "-S", "lr=0.25", cwd=project)
    project.write("raw.txt", "other\n")
    ours("exp", "run", "-n", "two", cwd=project)
    tidy(project)
    real("checkout", "-f", cwd=project)
    for file in (project.path / ".dvc/cache/files").rglob("*"):
        if file.is_file():
            file.unlink()
    copy = project.beside("copy")
    shutil.copytree(project.path, copy)
    done = [tool("exp", "apply", "two", cwd=one, check=None) for tool, one in ((real, project.path), (ours, copy))]
    assert [one.returncode for one in done] == [255, 255]
    assert repos.sorted_lines(done[0].stderr) == repos.sorted_lines(done[1].stderr) and "Checkout failed for following targets:" in done[1].stderr


def test_names(order, project):
    first, second = order
    first("exp", "run", "-n", "one", "-S", "lr=0.25", cwd=project)
    second("exp", "run", "-n", "two", "-S", "lr=0.5", cwd=project)
    commits = refs(project)
    second("exp", "branch", "one", cwd=project)
    first("exp", "branch", "two", "mine", cwd=project)
    assert project.git("rev-parse", "one-branch").strip() == commits[ref_of(project, "one")]
    assert project.git("rev-parse", "mine").strip() == commits[ref_of(project, "two")]
    done = second("exp", "branch", "one", cwd=project, check=255)
    assert "Git branch 'one-branch' already exists." in done.stderr
    assert second("exp", "rename", "one", "uno", cwd=project).stdout == "Renamed experiments: 'one'\n"
    assert second("exp", "rename", "uno", "two", cwd=project, check=255).stderr.startswith("ERROR: Experiment conflicts with existing experiment 'two'.")
    assert set(refs(project)) == {ref_of(project, "uno"), ref_of(project, "two")}
    assert second("exp", "remove", "--keep", "uno", cwd=project).stdout == "Removed experiments: 'two'\n"
    assert second("exp", "remove", "-A", cwd=project).stdout == "Removed experiments: 'uno'\n"
    assert second("exp", "remove", "-A", cwd=project).stdout == "No experiments to remove.\n"
    assert refs(project) == {} and first("exp", "list", "-A", cwd=project).stdout == ""


def test_same_name_at_two_commits(project, real, ours):
    for rate in (0.25, 0.5):
        ours("exp", "run", "-n", "one", "-S", f"lr={rate}", cwd=project)
        tidy(project)
        project.commit("next")
    done = [tool("exp", "remove", "one", cwd=project, check=None) for tool in (real, ours)]
    assert [one.returncode for one in done] == [255, 255]
    assert sorted(done[0].stderr.split("\n")) == sorted(done[1].stderr.split("\n")) and "Ambiguous name 'one'" in done[1].stderr
    ours("exp", "remove", list(refs(project))[0], cwd=project)
    assert ours("exp", "remove", "one", cwd=project).stdout == "Removed experiments: 'one'\n"


# ---------------------------------------------------------------- remotes
@pytest.fixture
def remote(project, tmp_path):
    """A git remote and a DVC remote of the project; the first commit is on it."""
    project.git("init", "-q", "--bare", "-b", "main", str(tmp_path / "git"))
    project.git("remote", "add", "origin", str(tmp_path / "git"))
    project.config(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {tmp_path}/store\n")
    project.commit("remote")
    project.git("push", "-q", "origin", "main")
    return repos.Repo(tmp_path / "git", project.env)


def test_push_and_pull(order, project, remote, tmp_path):
    first, second = order
    first("exp", "run", "-n", "one", "-S", "lr=0.25", cwd=project)
    project.write("raw.txt", "more\n")
    second("exp", "run", "-n", "two", "-S", "lr=0.5", cwd=project)
    done = first("exp", "push", "origin", "one", cwd=project)
    assert done.stdout == "Pushed experiment one to Git remote 'origin'.\n1 file uploaded\n"
    assert second("exp", "push", "origin", "one", cwd=project).stdout == "Experiment one is up to date on Git remote 'origin'.\n"
    done = second("exp", "push", "origin", cwd=project)
    assert done.stdout == "Experiment one is up to date on Git remote 'origin'.\nPushed experiment two to Git remote 'origin'.\n1 file uploaded\n"
    assert refs(remote) == refs(project)

    clone = repos.Repo(tmp_path / "clone", project.env)
    project.git("clone", "-q", str(remote.path), str(clone.path))
    assert first("exp", "list", "origin", "--name-only", cwd=clone).stdout.split() in (["one", "two"], ["two", "one"])
    assert second("exp", "pull", "origin", "one", cwd=clone).stdout == "Pulled experiment '['one']' from Git remote 'origin'.\n"
    assert second("exp", "pull", "origin", "one", cwd=clone).stdout == "No experiments to pull.\n"
    second("exp", "pull", "origin", cwd=clone)
    assert refs(clone) == refs(project)
    first("exp", "apply", "two", cwd=clone)
    assert clone.read("model.bin") == "more\n"

    second("exp", "remove", "-g", "origin", "one", cwd=project)
    assert list(refs(remote)) == [ref_of(project, "two")]
    assert "Experiment 'one' does not exist in 'origin'" in second("exp", "remove", "-g", "origin", "one", cwd=project, check=255).stderr
    assert "'nope' is not a valid experiment name" in second("exp", "pull", "origin", "nope", cwd=project, check=255).stderr


def test_push_diverged(project, remote, real, ours):
    ours("exp", "run", "-n", "one", "-S", "lr=0.25", cwd=project)
    ours("exp", "push", "origin", "--no-cache", cwd=project)
    ours("exp", "run", "-f", "-n", "one", "-S", "lr=0.5", cwd=project)
    there = refs(remote)
    # With data the real tool pushes that of all experiments when there is none to push.
    done = [tool("exp", "push", "origin", "--no-cache", cwd=project, check=None) for tool in (real, ours)]
    repos.agree(*done, "text")
    assert "has diverged" in done[1].stderr and refs(remote) == there
    done = ours("exp", "pull", "origin", cwd=project)
    assert "has diverged" in done.stderr and refs(project) != there
    ours("exp", "push", "-f", "origin", cwd=project)
    assert refs(remote) == refs(project)


def test_auto_push(project, remote, real, ours, tmp_path):
    warning = "WARNING: Failed to validate remotes. Disabling auto push: "
    done = ours("exp", "run", "-n", "no", cwd=project, env={"DVC_EXP_AUTO_PUSH": "true", "DVC_EXP_GIT_REMOTE": "nowhere"})
    assert warning in done.stderr and refs(remote) == {}
    project.config(project.read(".dvc/config") + "[exp]\n    auto_push = true\n")
    done = [tool("exp", "run", "-n", tool.name, "-S", f"lr={rate}", cwd=project) for tool, rate in ((real, 0.25), (ours, 0.5))]
    line = "Pushing experiment to 'origin'. Cancel with CTRL+C. See <https://dvc.org/doc/user-guide/experiment-management/sharing-experiments> for more info."
    assert all(line in one.stdout for one in done)
    assert set(refs(remote)) == {ref_of(project, "dvc"), ref_of(project, "mlean")}
    assert len(list((tmp_path / "store/runs").rglob("*"))) > 0


def test_without_a_remote_for_data(project, tmp_path, real, ours):
    project.git("init", "-q", "--bare", "-b", "main", str(tmp_path / "git"))
    ours("exp", "run", "-n", "one", "-S", "lr=0.25", cwd=project)
    done = ours("exp", "push", str(tmp_path / "git"), cwd=project)
    assert done.stdout == f"Pushed experiment one to Git remote '{tmp_path}/git'.\n"
    assert ours("exp", "push", str(tmp_path / "nowhere"), cwd=project, check=255).stderr.startswith("ERROR: ")
    tidy(project)
    project.commit("no experiments here")
    done = [tool("exp", "push", str(tmp_path / "git"), cwd=project) for tool in (real, ours)]
    repos.agree(*done, "text")


def test_save_of_a_file_as_old_and_large_as_before(make, ours):
    """Git tells such a change by the age of its index, which a copy of the index must keep."""
    repo = make()
    repo.git("config", "core.trustctime", "false")
    repo.write("dvc.yaml", "metrics: [m.json]\n")
    repo.write("m.json", '{"m": 1}')
    os.utime(repo.path / "m.json", (1_700_000_000, 1_700_000_000))
    repo.commit("base")
    (repo.path / "m.json").write_text('{"m": 2}')
    for name in ("m.json", ".git/index"):
        os.utime(repo.path / name, (1_700_000_000, 1_700_000_000))
    ours("exp", "save", "-n", "two", cwd=repo)
    assert json.loads(repo.git("show", f"{ref_of(repo, 'two')}:m.json")) == {"m": 2}


# ---------------------------------------------------------------- parameters
@pytest.mark.parametrize(
    "words",
    [
        ["lr=1e-3"], ["lr=null"], ["train.epochs=0.5", "lr=5"], ["+new.key=[1,'a b',{x: true}]"], ["~train.epochs"], ["++lr=1"], ["train={epochs:7}"], ["lr='0.5'"],
        ["lr=int('7')"], ["conf.json:depth=5", "conf.json:+more=1"], ["other.yaml:+x=1"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_parameter_files(twins, words):
    pair = twins(lambda repo: (repo.write("params.yaml", PARAMS), repo.write("conf.json", '{"depth": 2}'), repo.write("dvc.yaml", "stages:\n  a:\n    cmd: echo\n")))
    options = [word for one in words for word in ("-S", one)]
    # A new file is not known to git: the real tool stages it, and takes it away again when it puts the index back.
    pair.run("exp", "run", "-n", "one", *options, check=0)
    assert pair.a.read("params.yaml") == pair.b.read("params.yaml")
    assert pair.a.read("conf.json") == pair.b.read("conf.json")
    a, b = (repo.git("ls-tree", "-r", ref_of(repo, "one")) for repo in pair.repos)
    assert a == b


@pytest.mark.parametrize("dep", ["sub", "sub/file"])
def test_submodule(dep, either, make):
    """A dependency in a git submodule: git does not take it into the experiment's tree, and it need not."""
    repo, other = make(), make("other")
    other.write("file", "1")
    other.commit()
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.path), "sub")
    repo.write("dvc.yaml", f"stages:\n  s:\n    cmd: echo 1\n    deps: [{dep}]\n")
    repo.commit()
    either("exp", "run", "-n", "e", cwd=repo, check=0)
    assert [ref.rsplit("/", 1)[1] for ref in refs(repo)] == ["e"]


@pytest.mark.parametrize("words", [("run",), ("run", "--queue"), ("run", "-S", "lr=3")], ids=" ".join)
def test_composing_with_hydra_is_refused(words, project, ours):
    """The real tool would write params.yaml anew."""
    ours("config", "hydra.enabled", "True", cwd=project)
    before = project.snapshot()
    done = ours("exp", *words, cwd=project, check=255)
    assert "cannot run an experiment: 'hydra.enabled' is set" in done.stderr
    assert project.snapshot() == before and refs(project) == {}
