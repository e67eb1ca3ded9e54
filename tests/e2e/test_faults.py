"""What must survive: kill -9 of the server and of the loop at any moment, two loops at once, a forged audit chain."""

import contextlib
import json
import os
import pathlib
import random
import re
import sqlite3
import subprocess
import threading
import time

import models
import pandas as pd
import projects
import pytest
import requests
from conftest import wait_for

STEPS = ["pull", "validate", "reproduce", "evaluate", "track", "gate", "register", "approve", "rollout", "observe", "promote"]
# The stage tells that it has begun and goes on when the test opens the other end of the pipe.
GATED = f"echo > started; read line < gate; {projects.TRAIN}"


@pytest.fixture
def start(mlean, env):
    """start(root): `mlean loop run` in the background."""
    running = []

    def start_loop(root):
        running.append(
            subprocess.Popen([str(mlean), "loop", "run"], cwd=root, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        return running[-1]

    yield start_loop
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def open_gate(root):
    """Lets the waiting stage go on; waits until there is one."""

    def opened():
        with contextlib.suppress(OSError):  # ENXIO: nobody reads yet
            descriptor = os.open(root / "gate", os.O_WRONLY | os.O_NONBLOCK)
            os.write(descriptor, b"go\n")
            os.close(descriptor)
            return True
        return False

    wait_for(opened, what="a stage at the gate")


def gated(root, **options):
    projects.make(root, command=GATED, **options)
    os.mkfifo(root / "gate")
    return root


def kill(process):
    process.kill()
    process.wait(30)


def status(run, root):
    return json.loads(run("loop", "status", "--json", cwd=root).stdout)


def finish(run, root):
    """Runs the loop until the turn that is under way has ended."""
    for _ in range(3):
        turn = status(run, root)
        if turn is not None and turn["status"] not in ("running", "waiting"):
            return turn
        run("loop", "run", cwd=root, check=None)
    pytest.fail(f"the turn goes on for ever: {turn}")


def assert_once(run, root):
    """One turn, and nothing of it twice."""
    history = json.loads(run("loop", "history", "--json", cwd=root).stdout)
    assert [(turn["number"], turn["status"], turn["version"]) for turn in history] == [(1, "promoted", 1)]
    assert [one["version"] for one in projects.versions(run, root)] == [1] and projects.champion(run, root) == 1
    for action in ("turn.started", "run.tracked", "gate.passed", "version.registered", "version.promoted"):
        assert len(projects.events(run, root, action)) == 1, action
    assert len(json.loads(run("runs", "list", "--json", cwd=root).stdout)) == 1
    steps = status(run, root)["steps"]
    assert [step["name"] for step in steps] == STEPS and {step["status"] for step in steps} <= {"done", "skipped"}
    assert projects.alerts(root) == []
    projects.assert_intact(run, root)


# ---------------------------------------------------------------- the loop


def test_two_loops_at_once(tmp_path, run, start):
    root = gated(tmp_path)
    first = start(root)
    wait_for((root / "started").exists, what="the stage")
    second = run("loop", "run", cwd=root, check=5)
    assert re.fullmatch(rf"error: cannot lock '.*': held by mlean loop run \(pid {first.pid}\)\n", second.stderr), second.stderr
    told = json.loads(run("loop", "run", "--json", cwd=root, check=5).stderr)
    assert told["exit"] == 5 and str(first.pid) in told["error"]
    open_gate(root)
    out, err = first.communicate(timeout=60)
    assert first.returncode == 0, out + err
    assert_once(run, root)


def test_killed_in_the_train_stage(tmp_path, run, start):
    root = gated(tmp_path)
    for _ in range(3):
        process = start(root)
        wait_for((root / "started").exists, what="the stage")
        kill(process)
        os.unlink(root / "started")
    before = status(run, root)
    assert before["status"] == "running" and projects.versions(run, root) == []
    last = start(root)
    open_gate(root)
    out, err = last.communicate(timeout=60)
    assert last.returncode == 0 and "going on with turn 1" in err, out + err
    after = status(run, root)
    assert after["id"] == before["id"]
    assert {step["name"]: step["attempts"] for step in after["steps"]} == {name: 4 if name == "reproduce" else 1 for name in STEPS}
    assert_once(run, root)


def test_what_a_killed_stage_has_started_dies_with_it(tmp_path, start):
    """A process in the background, deaf to all signals but SIGKILL, would write an output after the loop was killed."""
    deaf = "trap '' HUP INT TERM; sh -c 'echo $PPID' > pid.new; mv pid.new pid; sleep 60; echo late > late.ubj"
    root = projects.make(tmp_path, command=f"({deaf}) & wait")
    process = start(root)
    wait_for((root / "pid").exists, what="the process in the background")
    pid = int((root / "pid").read_text())
    assert pathlib.Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    kill(process)

    def gone():
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] in "ZX"
        except OSError:
            return True

    wait_for(gone, seconds=10, what=f"the end of process {pid}")
    assert not (root / "late.ubj").exists()


def recorded_steps(root):
    with contextlib.suppress(sqlite3.OperationalError):  # the database may not be there yet
        with contextlib.closing(projects.database(root)) as connection:
            return connection.execute("SELECT count(*) FROM turn_steps").fetchone()[0]
    return 0


def test_killed_in_one_step_after_the_other(tmp_path, run, start):
    root = projects.make(tmp_path)
    killed = 0
    for step in range(1, len(STEPS) + 1):
        process = start(root)
        wait_for(lambda: process.poll() is not None or recorded_steps(root) >= step, what=f"step {step}")
        kill(process)
        if process.returncode == 0:
            break
        killed += 1
    assert killed >= 5, "the kills came too late to mean anything"
    finish(run, root)
    assert_once(run, root)


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_random(tmp_path, run, start, seed):
    chance = random.Random(seed)
    (tmp_path / "whole").mkdir()
    whole = projects.make(tmp_path / "whole")
    begun = time.monotonic()
    run("loop", "run", cwd=whole)
    seconds = time.monotonic() - begun
    killed = 0
    for attempt in range(8):
        if killed == 0:  # the machine was faster this time, and nothing was killed: once more, and sooner
            (tmp_path / f"killed{attempt}").mkdir()
            root = projects.make(tmp_path / f"killed{attempt}")
            seconds *= 0.7 if attempt > 0 else 1
        process = start(root)
        try:
            process.wait(chance.uniform(0.05, 0.8) * seconds)
        except subprocess.TimeoutExpired:
            kill(process)
            killed += 1
        if killed > 0 and (root / ".mlean/mlean.db").exists() and projects.versions(run, root):
            break
    assert killed >= 1
    finish(run, root)
    assert_once(run, root)
    assert [one["digest"] for one in projects.versions(run, root)] == [one["digest"] for one in projects.versions(run, whole)]


def test_a_denied_turn_alerts_once(tmp_path, run, start):
    """Killed again and again on the way to the gate's denial."""
    chance = random.Random(3)
    root = gated(tmp_path, gate="[metrics.auc >= 0.999]")
    for _ in range(2):
        process = start(root)
        wait_for((root / "started").exists, what="the stage")
        kill(process)
        os.unlink(root / "started")
    for _ in range(6):
        process = start(root)
        with contextlib.suppress(subprocess.TimeoutExpired):
            if not (root / "metrics.json").exists():
                open_gate(root)
            process.wait(chance.uniform(0.05, 0.5))
        kill(process)
        if status(run, root)["status"] == "denied":
            break
    turn = finish(run, root) if (root / "metrics.json").exists() else pytest.fail("the stage never ran")
    assert turn["status"] == "denied" and "metrics.auc" in turn["outcome"]
    # The kill may have come between the denial and the delivery: whoever comes next delivers what is due, and its own.
    run("loop", "run", cwd=root, check=6)
    turns = json.loads(run("loop", "history", "--json", cwd=root).stdout)
    assert {one["status"] for one in turns} == {"denied"}
    raised = projects.events(run, root, "alert.raised")
    assert len(raised) == len(turns) and {one["detail"]["kind"] for one in raised} == {"gate.failed"}
    delivered = projects.alerts(root)
    assert len(delivered) == len({one["id"] for one in delivered}) == len(turns)
    assert projects.versions(run, root) == []
    projects.assert_intact(run, root)


# ---------------------------------------------------------------- the server


def registered(root, run):
    model = models.bare(root / "bare.ubj")
    run("models", "register", "bare", model.file, cwd=root)
    run("models", "alias", "bare", "champion", 1, cwd=root)
    return model


def row_of(number):
    return {f"f{i}": (number * (i + 1) % 17) / 4 - 2 for i in range(models.FEATURES)}


def export(run, root):
    run("predictions", "export", "bare", "-o", "log.parquet", cwd=root)
    return pd.read_parquet(root / "log.parquet")


class Asker(threading.Thread):
    """Predictions one after the other, each with an id of its own, until the server is gone. `answered`: those it has the answer to."""

    def __init__(self, url, prefix):
        super().__init__(daemon=True)
        self.url, self.prefix = url, prefix
        self.answered = {}
        self.wrong = []

    def run(self):
        with requests.Session() as session:
            number = 0
            while True:
                id = f"{self.prefix}-{number}"
                try:
                    reply = session.post(self.url, json=row_of(number), headers={"X-Request-Id": id}, timeout=30)
                    if reply.status_code != 200:
                        self.wrong.append(reply.text)
                    self.answered[id] = (number, reply.json()["prediction"])
                except (requests.exceptions.RequestException, ValueError):
                    return
                number += 1


def test_killed_server_keeps_what_it_acknowledged(tmp_path, run, server):
    model = registered(tmp_path, run)
    answered = {}
    for life in range(3):
        with server(tmp_path) as live:
            if answered:  # clients ask again: for what they have, and for what they may not have got
                for id, (number, prediction) in list(answered.items())[-20:]:
                    reply = live.post("/predict/bare", json=row_of(number), headers={"X-Request-Id": id})
                    assert reply.json()["prediction"] == prediction
            askers = [Asker(live.url + "/predict/bare", f"life{life}-{i}") for i in range(3)]
            for asker in askers:
                asker.start()
            wait_for(lambda: all(len(asker.answered) > 50 for asker in askers), what="some answers")
            live.kill()
            for asker in askers:
                asker.join(30)
                assert asker.wrong == []
                answered |= asker.answered
    log = export(run, tmp_path)
    counts = log["id"].value_counts()
    assert {id: int(counts.get(id, 0)) for id in answered} == dict.fromkeys(answered, 1)
    assert counts.max() == 1
    # Not acknowledged but logged: at most the one request of each caller that was under way at the kill.
    assert len(log) - len(answered) <= 3 * 3
    asked = log[log["id"].isin(answered)].set_index("id")
    expected = model.predict([list(row_of(answered[id][0]).values()) for id in asked.index])
    assert abs(asked["prediction"].to_numpy() - expected).max() <= 1e-6
    assert set(log["variant"]) == {"champion"} and set(log["version"]) == {1} and set(log["status"]) == {200}


def test_retries_and_lists_count_once_a_row(tmp_path, run, server):
    registered(tmp_path, run)
    with server(tmp_path) as live:
        for _ in range(3):
            assert live.post("/predict/bare", json=[row_of(n) for n in range(4)], headers={"X-Request-Id": "list"}).status_code == 200
            assert live.post("/predict/bare", json=row_of(0), headers={"X-Request-Id": "one"}).status_code == 200
        body = {"id": "v2", "inputs": [{"name": "input", "shape": [1, 4], "datatype": "FP32", "data": list(row_of(1).values())}]}
        for _ in range(2):
            assert live.post("/v2/models/bare/infer", json=body).json()["id"] == "v2"
        for _ in range(5):
            live.post("/predict/bare", json=row_of(0))  # without an id: each is one of its own
    log = export(run, tmp_path)
    assert sorted(log[log["id"] == "list"]["row"]) == [0, 1, 2, 3]
    assert (log["id"] == "one").sum() == 1 and (log["id"] == "v2").sum() == 1
    assert len(log) == 4 + 1 + 1 + 5 and log[["id", "row"]].drop_duplicates().shape[0] == len(log)


def test_labels_join_before_and_after(tmp_path, run, server):
    registered(tmp_path, run)
    (tmp_path / "early.csv").write_text("id,label\nearly,1\nnever,0\n")
    assert json.loads(run("labels", "add", "bare", "early.csv", "--json", cwd=tmp_path).stdout) == {"added": 2, "changed": 0, "same": 0}
    with server(tmp_path) as live:
        for id in ("early", "late", "changed", "without"):
            live.post("/predict/bare", json=row_of(1), headers={"X-Request-Id": id})
        live.post("/predict/bare", json=[row_of(1), row_of(2)], headers={"X-Request-Id": "pair"})
        labels = "/api/mlean/v1/models/bare/labels"
        assert live.post(labels, json=[{"id": "late", "label": 0}, {"id": "changed", "label": "0"}]).json()["added"] == 2
        assert live.post(labels, json=[{"id": "pair", "row": 1, "label": True}]).json()["added"] == 1
        assert live.post(labels, json=[{"id": "changed", "label": 1}, {"id": "late", "label": 0}]).json() == {"added": 0, "changed": 1, "same": 1}
        live.kill()
    log = export(run, tmp_path)
    joined = {(line.id, line.row): line.label for line in log.itertuples()}
    assert joined == {("early", 0): "1", ("late", 0): "0", ("changed", 0): "1", ("without", 0): None, ("pair", 0): None, ("pair", 1): "true"}


# ---------------------------------------------------------------- the audit chain


FORGERIES = {
    "changed": ("UPDATE audit_events SET detail = '{}' WHERE seq = 3", 3),
    "another actor": ("UPDATE audit_events SET actor = 'cli:nobody' WHERE seq = 2", 2),
    "removed": ("DELETE FROM audit_events WHERE seq = 3", 3),
    "the newest removed": ("DELETE FROM audit_events WHERE seq = (SELECT max(seq) FROM audit_events)", None),
    "swapped": ("UPDATE audit_events SET seq = -1 WHERE seq = 2; UPDATE audit_events SET seq = 2 WHERE seq = 4; UPDATE audit_events SET seq = 4 WHERE seq = -1", 2),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_event_is_named(tmp_path, run, forgery):
    statements, first_bad = FORGERIES[forgery]
    registered(tmp_path, run)
    for _ in range(3):
        run("models", "register", "bare", "bare.ubj", cwd=tmp_path)
    assert run("audit", "verify", cwd=tmp_path).stdout == "intact: 5 events\n"
    with contextlib.closing(sqlite3.connect(tmp_path / ".mlean/mlean.db")) as connection:
        with pytest.raises(sqlite3.IntegrityError):
            connection.executescript(statements)
        connection.rollback()
        triggers = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'")]
        for trigger in triggers:
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.executescript(statements)
        connection.commit()
    first_bad = 5 if first_bad is None else first_bad
    told = run("audit", "verify", cwd=tmp_path, check=6)
    assert told.stdout.startswith(f"broken at event {first_bad}: "), told.stdout
    as_json = json.loads(run("audit", "verify", "--json", cwd=tmp_path, check=6).stdout)
    assert as_json["intact"] is False and as_json["first_bad_seq"] == first_bad and as_json["why"]
