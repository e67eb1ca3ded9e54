"""Wrong configuration, data, labels and model files, and a full disk: one clear line, the right exit status, and nothing written."""

import contextlib
import json
import re
import resource
import sqlite3
import subprocess

import models
import pandas as pd
import projects
import pytest
import requests
from conftest import wait_for


def nothing_registered(run, root):
    assert projects.versions(run, root) == [] and projects.events(run, root, "version.registered") == []
    projects.assert_intact(run, root)


def one_error(done, *texts):
    """stderr is one line "error: cannot …" that has the texts; a second one may tell the fix."""
    lines = done.stderr.splitlines()
    assert 1 <= len(lines) <= 2 and lines[0].startswith("error: cannot "), done.stderr
    assert lines[1:] == [] or lines[1].startswith("  fix: "), done.stderr
    assert not [text for text in texts if text not in lines[0]], done.stderr
    assert done.stdout == ""


# ---------------------------------------------------------------- mlean.yaml


WRONG_CONFIGS = {
    "a key of a model": (("    gate: [", "    gats: ["), "16:5", ["unknown key 'gats'", "did you mean 'gate'?"]),
    "a key of the file": (("models:", "model:"), "6:1", ["unknown key 'model'", "did you mean 'models'?"]),
    "a key of a data entry": (("    checks: checks", "    cheks: checks"), "5:5", ["unknown key 'cheks'", "did you mean 'checks'?"]),
    "a key of the rollout": (("    gate: [", "    rollout: {step_fro: 1s}\n    gate: ["), "16:15", ["'step_fro'", "did you mean 'step_for'?"]),
    "a value": (("task: classification", "task: clasification"), "8:11", ["did you mean 'classification'?"]),
    "the name of the data": (("    data: delays", "    data: delay"), "11:11", ["unknown data 'delay'", "did you mean 'delays'?"]),
    "a duration": (("    gate: [", "    rollout: {step_for: soon}\n    gate: ["), "16:25", ["'step_for' must be a duration"]),
    "a weight that falls": (("    gate: [", "    rollout: {steps: [50%, 5%]}\n    gate: ["), "16:28", ["must rise"]),
    "no YAML at all": (("models:", "models: ]["), "6:", []),
    # What is written in another language than YAML.
    "an expression of the gate": ((">= 0.6,", ">=,"), "16:12", [": cannot compile 'metrics.auc >=': 1:"]),
    "a function that is not there": ((">= 0.6,", ">= med(x),"), "16:12", [": cannot compile 'metrics.auc >= med(x)': "]),
    "the second expression": ((" data.delays.checks.success", " 1 +"), "16:32", [": cannot compile '1 +': "]),
    "an expression of the rollout": (
        ("    gate: [", "    rollout: {abort_if: [errors.rate >> 0]}\n    gate: ["), "16:26", [": cannot compile 'errors.rate >> 0': "]),
    "an expression of the monitor": (
        ("    gate: [", "    monitor:\n      performance: ['(auc']\n    gate: ["), "17:21", [": cannot compile '(auc': "]),
    "the method of the monitor": (
        ("    gate: [", "    monitor:\n      drift: {method: kss}\n    gate: ["), "17:23", [": cannot ", "'kss'"]),
    "an expression of the triggers": (
        ("    gate: [", "    retrain:\n      when:\n        - drift.share >\n    gate: ["), "18:11", [": cannot compile 'drift.share >': "]),
    "a cron line": (
        ("    gate: [", "    retrain: {schedule: '0 25 * * *'}\n    gate: ["), "16:25", [": cannot read cron expression '0 25 * * *': "]),
    "a cron line that never comes": (
        ("    gate: [", "    retrain: {schedule: '0 0 31 2 *'}\n    gate: ["), "16:25", [": cannot read cron expression"]),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG_CONFIGS)
def test_a_mistyped_configuration(tmp_path, run, mistake):
    (old, new), place, texts = WRONG_CONFIGS[mistake]
    root = projects.make(tmp_path)
    config = (root / "mlean.yaml").read_text()
    assert config.count(old) == 1
    (root / "mlean.yaml").write_text(config.replace(old, new))
    before = sorted(path.name for path in root.iterdir())
    done = run("loop", "run", cwd=root, check=1)
    line = done.stderr.splitlines()[0]
    assert f"mlean.yaml:{place}" in line and line.startswith("error: "), done.stderr
    assert not [text for text in texts if text not in line], line
    assert sorted(path.name for path in root.iterdir()) == before
    (root / "mlean.yaml").write_text(config)
    nothing_registered(run, root)


def test_a_running_server_keeps_serving_under_a_broken_configuration(tmp_path, run, server):
    root = projects.make(tmp_path)
    run("loop", "run", cwd=root)
    row = {"carrier": "AA", "hour": 7, "distance": 1}
    with server(root) as live:
        before = live.post("/predict/late", json=row).json()
        good = (root / "mlean.yaml").read_text()
        (root / "mlean.yaml").write_text(good.replace("gate:", "gats:"))
        problems = live.post("/api/mlean/v1/tick").json()["problems"]
        assert any("did you mean 'gate'?" in problem for problem in problems), problems
        refused = live.post("/api/mlean/v1/turns", json={"model": "late"})
        assert refused.status_code == 400 and "mlean.yaml:16:5" in refused.text
        assert live.post("/predict/late", json=row).json() == before
        (root / "mlean.yaml").write_text(good)
        assert live.post("/api/mlean/v1/tick").json()["problems"] == []


def test_a_running_server_goes_on_with_the_last_sound_expressions(tmp_path, run, server):
    """A turn under way is gone on with by the gate as it was; the tick says what is wrong with the new one."""
    root = projects.make(tmp_path)
    good = (root / "mlean.yaml").read_text()
    broken = good.replace("metrics.auc >= 0.6", "metrics.auc >=")
    with server(root) as live:
        assert live.post("/api/mlean/v1/tick").json()["problems"] == []
        (root / "mlean.yaml").write_text(broken)
        refused = live.post("/api/mlean/v1/turns", json={"model": "late"})
        assert refused.status_code == 400 and "mlean.yaml:16:12: cannot compile 'metrics.auc >=': " in refused.json()["error"]
        (problem,) = live.post("/api/mlean/v1/tick").json()["problems"]
        assert problem.startswith("mlean.yaml:16:12: cannot compile") and "going on with the last sound mlean.yaml" in problem
        assert "mlean.yaml:16:12" in live.post("/api/mlean/v1/sync").json()["problem"]
        # Started by a program that read it while it was sound.
        with contextlib.closing(sqlite3.connect(root / ".mlean/mlean.db", timeout=10)) as connection, connection:
            connection.execute(
                "INSERT INTO turns(id, model, cause, detail, status, created, run_id, number) VALUES('t', 'late', 'manual', '', 'running', 0, ?, 1)",
                ("a" * 32,),
            )
        turn = wait_for(lambda: ended(live), seconds=60, what="the end of the turn")
        assert (turn["status"], turn["version"]) == ("promoted", 1), turn
        (root / "mlean.yaml").write_text(good)
        assert live.post("/api/mlean/v1/tick").json()["problems"] == []


def ended(live):
    turn = live.get("/api/mlean/v1/turns/t").json()
    return turn if turn["status"] not in ("running", "waiting") else None


# ---------------------------------------------------------------- data


def ragged(frame):
    lines = frame.to_csv(index=False).splitlines()
    return "\n".join([*lines[:100], lines[100] + ",7", *lines[101:]]) + "\n"


def short(frame):
    lines = frame.to_csv(index=False).splitlines()
    return "\n".join([*lines[:100], lines[100].rsplit(",", 1)[0], *lines[101:]]) + "\n"


BAD_DATA = {
    "missing": ("delays.csv", None, "failed", 1, ["delays.csv", "No such file"]),
    "ragged": ("delays.csv", ragged, "stopped", 6, ["delays.csv", "line 101: expected 4 fields, found 5"]),
    "a short line": ("delays.csv", short, "stopped", 6, ["delays.csv", "line 101: expected 4 fields, found 3"]),
    "an open quote": ("delays.csv", lambda f: f.to_csv(index=False) + 'AA,7,"1', "stopped", 6, ["delays.csv", "quote"]),
    "broken Parquet": ("delays.parquet", lambda f: "PAR1 and no more", "stopped", 6, ["delays.parquet", "cannot read"]),
    "cut Parquet": ("delays.parquet", lambda f: f.to_parquet()[:-40], "stopped", 6, ["delays.parquet", "cannot read"]),
    "empty": ("delays.csv", lambda f: "", "stopped", 6, ["delays.csv", "no header"]),
    "labels missing": ("delays.csv", lambda f: f.assign(arrival=f.arrival.where(f.hour > 6)).to_csv(index=False), "failed", 1,
                       ["error: cannot train on column 'arrival': ", "labels are missing"]),
    "one class": ("delays.csv", lambda f: f.assign(arrival="late").to_csv(index=False), "failed", 1,
                  ["error: cannot train on column 'arrival': all labels are 'late'"]),
    "a column renamed": ("delays.csv", lambda f: f.rename(columns={"hour": "hr"}).to_csv(index=False), "stopped", 6,
                         ["column 'hour'", "no such column"]),
    "values out of range": ("delays.csv", lambda f: f.assign(hour=f.hour.where(f.hour < 20, -f.hour)).to_csv(index=False), "stopped", 6,
                            ["column 'hour'", "must be between 0 and 23", "such as -2"]),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_DATA)
def test_a_turn_on_bad_data(tmp_path, run, what):
    """The turn ends with a reason that names the file, and production is as it was: a champion stays what it is."""
    name, spoil, ending, exit_status, texts = BAD_DATA[what]
    root = projects.make(tmp_path)
    run("loop", "run", cwd=root)
    held = projects.versions(run, root)
    (root / "delays.csv").unlink()
    content = None if spoil is None else spoil(models.delays())
    if content is not None:
        (root / name).write_bytes(content.encode() if isinstance(content, str) else content)
    config = (root / "mlean.yaml").read_text()
    (root / "mlean.yaml").write_text(config.replace("path: delays.csv", f"path: {name}").replace("evaluate: delays.csv", f"evaluate: {name}"))
    done = run("loop", "run", cwd=root, check=exit_status)
    told = done.stderr
    assert told.startswith("error: cannot finish turn 2 of 'late': " + ("stopped: " if ending == "stopped" else "")), told
    assert told.endswith("\n  fix: mlean loop status\n") and f"{ending}: " not in done.stdout
    assert not [text for text in texts if text not in told], told
    assert projects.versions(run, root) == held and projects.champion(run, root) == 1
    kind = {"failed": "job.failed", "stopped": "validation.failed"}[ending]
    assert [one["kind"] for one in projects.alerts(root)] == [kind]
    projects.assert_intact(run, root)


def test_a_turn_that_fails_says_so_on_stderr(tmp_path, run):
    """stdout is for the result: with --json it holds the turn, whatever became of it."""
    root = projects.make(tmp_path)
    (root / "delays.csv").unlink()
    done = run("loop", "run", "--json", cwd=root, check=1)
    assert json.loads(done.stdout)["status"] == "failed"
    told = json.loads(done.stderr)
    assert told["exit"] == 1 and "delays.csv': No such file" in told["error"]
    assert told["error"].startswith("cannot finish turn 1 of 'late': ")
    models.delays().to_csv(root / "delays.csv", index=False)
    (root / "mlean.yaml").write_text((root / "mlean.yaml").read_text().replace("metrics.auc >= 0.6", "metrics.auc >= 2"))
    denied = run("loop", "run", cwd=root, check=6)
    assert denied.stderr.startswith("error: cannot finish turn 2 of 'late': denied: metrics.auc >= 2 is false: metrics.auc = "), denied.stderr
    assert "denied: " not in denied.stdout and "turn 2 of late" in denied.stdout


BAD_LABELS = {
    "some missing": ("x,y\n" + "1,a\n2,b\n" * 20 + "3,\n", [], ["cannot train on column 'y'", "labels are missing"]),
    "all missing": ("x,y\n1,\n2,\n", [], ["cannot train on column 'y'"]),
    "NaN": ("x,y\n" + "1,1.5\n2,nan\n" * 20, ["--task", "regression"], ["cannot train on column 'y'", "labels are missing"]),
    "infinite": ("x,y\n" + "1,1.5\n2,inf\n" * 20, ["--task", "regression"], ["cannot train on column 'y'"]),
    "one class": ("x,y\n1,a\n2,a\n3,a\n", [], ["'a'", "2 classes"]),
    "no rows": ("x,y\n", [], ["cannot train"]),
    "ragged": ("x,y\n" + "1,a\n2,b\n" * 20 + "3,a,5\n", [], ["line 42: expected 2 fields, found 3"]),
}


@pytest.mark.parametrize("what", BAD_LABELS)
def test_training_on_bad_labels(tmp_path, run, what):
    text, options, texts = BAD_LABELS[what]
    (tmp_path / "data.csv").write_text(text)
    done = run("train", "data.csv", "--label", "y", "--model", "m.ubj", "--metrics", "m.json", *options, cwd=tmp_path, check=1)
    one_error(done, *texts)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.csv"]


def test_other_files_that_cannot_be_read(tmp_path, run):
    root = projects.make(tmp_path)
    (root / "broken.parquet").write_text("PAR1 and no more")
    one_error(run("train", "nope.csv", "--label", "y", "--model", "m.ubj", cwd=root, check=4), "nope.csv", "no such file")
    one_error(run("train", "broken.parquet", "--label", "y", "--model", "m.ubj", cwd=root, check=1), "broken.parquet")
    one_error(run("train", "delays.csv", "--label", "arival", "--model", "m.ubj", cwd=root, check=4), "'arival'")
    one_error(run("validate", "broken.parquet", "--suite", "checks.json", cwd=root, check=1), "broken.parquet")
    one_error(run("validate", "delays.csv", "--suite", "nope.json", cwd=root, check=4), "nope.json")
    one_error(run("predict", "nope.ubj", "delays.csv", "-o", "out.csv", cwd=root, check=4), "nope.ubj", "no such file")
    one_error(run("labels", "add", "late", "nope.csv", cwd=root, check=4), "nope.csv")
    (root / "labels.csv").write_text("key,label\na,1\n")
    one_error(run("labels", "add", "late", "labels.csv", cwd=root, check=1), "labels.csv", "id and label")
    one_error(run("models", "alias", "late", "champion", 1, cwd=root, check=4), "late")
    one_error(run("loop", "run", "--model", "lat", cwd=root, check=4), "did you mean 'late'?")
    assert not [path for path in root.iterdir() if path.name in ("m.ubj", "out.csv")]
    nothing_registered(run, root)


# ---------------------------------------------------------------- model files


def spoiled(change):
    def make(file):
        models.bare(file)
        document = json.loads(file.read_text())
        change(document["learner"]["gradient_booster"]["model"]["trees"][2], document["learner"])
        file.write_text(json.dumps(document))

    return make


BAD_MODELS = {
    "a child past the end": (spoiled(lambda tree, _: tree["left_children"].__setitem__(0, 5000)), ["tree 2", "5000"]),
    "a negative child": (spoiled(lambda tree, _: tree["right_children"].__setitem__(0, -7)), ["tree 2", "-7"]),
    "a circle": (spoiled(lambda tree, _: tree["left_children"].__setitem__(0, 0)), ["tree 2", "twice"]),
    "a feature that is not there": (spoiled(lambda tree, _: tree["split_indices"].__setitem__(0, 99)), ["feature 99 of 4"]),
    "arrays of different lengths": (spoiled(lambda tree, _: tree["split_conditions"].pop()), ["tree 2"]),
    "no objective": (spoiled(lambda _, learner: learner.pop("objective")), ["objective"]),
    "cut off": (lambda file: (models.bare(file), file.write_bytes(file.read_bytes()[:3000])), ["unexpected end"]),
    "garbage": (lambda file: file.write_text("no model"), ["byte 0"]),
    "empty": (lambda file: file.write_text(""), []),
}


@pytest.mark.parametrize("what", BAD_MODELS)
def test_an_unsound_model_file(tmp_path, run, what):
    make, texts = BAD_MODELS[what]
    make(tmp_path / "bad.json")
    good = models.bare(tmp_path / "good.ubj")
    run("models", "register", "bare", good.file, cwd=tmp_path)
    one_error(run("models", "register", "bare", "bad.json", cwd=tmp_path, check=1), "bad.json", *texts)
    assert [one["version"] for one in projects.versions(run, tmp_path, "bare")] == [1]
    assert len(projects.events(run, tmp_path, "version.registered")) == 1
    stored = [path for path in (tmp_path / ".mlean/artifacts/models").rglob("*") if path.is_file()]
    assert len(stored) == 1


def test_a_stored_model_that_was_changed_is_not_served(tmp_path, run, server):
    """Version 2's file is spoiled under the server: the champion stays version 1, and the reason is told."""
    for depth in (3, 5):
        run("models", "register", "bare", models.bare(tmp_path / "m.ubj", depth=depth).file, cwd=tmp_path)
    run("models", "alias", "bare", "champion", 1, cwd=tmp_path)
    two = projects.versions(run, tmp_path, "bare")[0]["digest"]
    (stored,) = (tmp_path / ".mlean/artifacts/models/bare").glob(f"{two}*")
    stored.chmod(0o644)
    stored.write_bytes((tmp_path / "m.ubj").read_bytes()[:-1] + b"x")
    row = {f"f{i}": 0.5 for i in range(4)}
    with server(tmp_path) as live:
        assert live.get("/health").text == "OK"
        synced = live.post("/api/mlean/v1/sync")
        assert synced.status_code == 500 and "version 2" in synced.json()["error"], synced.text
        assert live.post("/predict/bare/versions/2", json=row).status_code == 404
        assert live.post("/predict/bare", json=row).json()["version"] == "1"


# ---------------------------------------------------------------- a full disk


def limited(size):
    def before_exec():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        # Python ignores SIGXFSZ, and a child inherits that: write() then fails with EFBIG, as it does with ENOSPC.

    return before_exec


def test_a_loop_on_a_full_disk(tmp_path, run):
    root = projects.make(tmp_path)
    run("loop", "run", cwd=root)
    first = projects.versions(run, root)[0]
    projects.retrain(root)
    failed = 0
    for limit in (1 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10):
        done = run("loop", "run", cwd=root, check=None, preexec_fn=limited(limit), restore_signals=False)
        projects.assert_intact(run, root)
        if done.returncode == 0:
            break  # it fitted
        failed += 1
        assert done.returncode == 1 and "cannot" in done.stdout + done.stderr, (limit, done.stdout, done.stderr)
        assert projects.champion(run, root) == 1 and projects.versions(run, root)[-1] == first
    assert failed >= 2
    # There is room again: the turn that was under way goes through, or the next does.
    for _ in range(2):
        run("loop", "run", cwd=root)
    newest = projects.versions(run, root)[0]
    assert "champion" in newest["aliases"] and newest["digest"] != first["digest"]
    assert len(projects.events(run, root, "version.promoted")) == 2
    projects.assert_intact(run, root)


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small disk: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_server_on_a_full_disk(small_disk, run, server):
    """Predictions go on being answered; what could not be logged is counted; what was logged before is kept."""
    model = models.bare(small_disk / "bare.ubj")
    run("models", "register", "bare", model.file, cwd=small_disk)
    run("models", "alias", "bare", "champion", 1, cwd=small_disk)
    row = {f"f{i}": 0.5 for i in range(4)}
    with server(small_disk) as live:
        exact = live.post("/predict/bare", json=row, headers={"X-Request-Id": "before"}).json()
        filler = small_disk / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        with requests.Session() as session:
            for n in range(200):
                reply = session.post(live.url + "/predict/bare", json=[row] * 20, headers={"X-Request-Id": f"full-{n}"}, timeout=30)
                assert reply.status_code == 200 and reply.json() == [exact] * 20
        metrics = live.get("/metrics").text
        lost = float(re.search(r'^mlean_predictions_not_logged_total\{model="bare"\} (\S+)$', metrics, re.M)[1])
        assert lost > 0
        labels = live.post("/api/mlean/v1/models/bare/labels", json=[{"id": f"l{n}", "label": n} for n in range(5000)])
        assert labels.status_code == 507 and "disk full" in labels.json()["error"], labels.text
        filler.unlink()
        assert live.post("/predict/bare", json=row, headers={"X-Request-Id": "after"}).status_code == 200
        assert live.post("/api/mlean/v1/models/bare/labels", json=[{"id": "before", "label": 1}]).json()["added"] == 1
    run("predictions", "export", "bare", "-o", "log.csv", cwd=small_disk)
    log = pd.read_csv(small_disk / "log.csv")
    assert (log["id"] == "before").sum() == 1 and (log["id"] == "after").sum() == 1
    assert len(log) == 2 + 200 * 20 - lost
    assert log[log["id"] == "before"]["label"].tolist() == [1]
    projects.assert_intact(run, small_disk)
