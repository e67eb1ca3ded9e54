"""A canary on the real clock: live traffic moves a good version up step by step, and takes a bad one back by itself.

Nothing here waits for a time: callers go on asking until the rollout has ended.
"""

import itertools
import json

import projects
import pytest
import requests
from conftest import wait_for

ROLLOUT = """\
    rollout:
      strategy: canary
      steps: [25%, 50%]
      step_for: 1s
      min_requests: 30
      abort_if: [errors.rate > 0.2]
    serve: {log: full, fallback: [{constant: 0.25}]}
"""
COMMON = [{"carrier": carrier, "hour": hour, "distance": 700.5} for carrier in ("AA", "B6") for hour in (6, 12, 18)]
RARE = COMMON[0] | {"carrier": "UA"}


class Traffic:
    """One caller on a kept connection. No id is ever used twice: a repeated one would be a retry, which counts for nothing."""

    numbers = itertools.count()

    def __init__(self, live, rows, own_ticks=False):
        self.live = live
        self.own_ticks = own_ticks  # leave it to the server when it looks at its rollouts; else it is asked to
        self.session = requests.Session()
        self.rows = itertools.cycle(rows)
        self.answers = []  # (variant, version, prediction)

    def send(self, count):
        for _ in range(count):
            headers = {"X-Request-Id": f"r-{next(self.numbers)}"}
            reply = self.session.post(self.live.url + "/predict/late", json=next(self.rows), headers=headers, timeout=30)
            assert reply.status_code == 200, reply.text
            self.answers.append((reply.headers["mlean-variant"], reply.headers["mlean-model-version"], reply.json()["prediction"]))

    def until(self, ended, seconds=60):
        def sent_more():
            self.send(25)
            if not self.own_ticks:
                assert self.live.post("/api/mlean/v1/tick").json()["problems"] == []
            return ended()

        return wait_for(sent_more, seconds=seconds, what="the end of the rollout")


def rollouts(live):
    return live.get("/api/mlean/v1/rollouts", params={"model": "late"}).json()["rollouts"]


def ended(live, number):
    """The `number`-th rollout, once it has ended."""
    listed = rollouts(live)
    return listed[0] if len(listed) == number and listed[0]["ended"] else None


def turn_ended(live, number):
    newest = live.get("/api/mlean/v1/turns").json()["turns"][0]
    return newest if newest["number"] == number and newest["ended"] else None


@pytest.fixture
def promoted(tmp_path, run, server):
    """A project whose first version went through a canary beside the constant answer; (root, live server)."""
    root = projects.make(tmp_path, extra=ROLLOUT)
    waiting = run("loop", "run", "--json", cwd=root)
    assert json.loads(waiting.stdout)["status"] == "waiting"
    with server(root) as live:
        traffic = Traffic(live, COMMON)
        first = traffic.until(lambda: ended(live, 1))
        assert (first["status"], first["candidate_version"], first["champion_version"]) == ("promoted", 1, None), first
        assert wait_for(lambda: turn_ended(live, 1), what="the turn's end")["status"] == "promoted"
        # While it ran some were answered by the candidate, the others by the constant.
        by_variant = {variant: {answer[2] for answer in traffic.answers if answer[0] == variant} for variant in ("candidate", "fallback")}
        assert by_variant["fallback"] == {0.25} and len(by_variant["candidate"]) >= 2
        assert {answer[1] for answer in traffic.answers if answer[0] == "fallback"} == {"0"}
        yield root, live


def test_a_first_version_and_then_a_better_one(promoted, run):
    root, live = promoted
    assert projects.champion(run, root) == 1
    projects.retrain(root)
    assert json.loads(run("loop", "run", "--json", cwd=root).stdout)["status"] == "waiting"
    assert projects.champion(run, root) == 1, "promoted before any traffic"
    traffic = Traffic(live, COMMON)
    second = traffic.until(lambda: ended(live, 2))
    assert (second["status"], second["candidate_version"], second["champion_version"]) == ("promoted", 2, 1), second
    wait_for(lambda: turn_ended(live, 2), what="the turn's end")
    assert projects.champion(run, root) == 2
    # The weights: a quarter first, then a half; every step is in the audit chain.
    steps = [one["detail"]["weight"] for one in reversed(projects.events(run, root, "rollout.step")) if one["detail"]["version"] == 2]
    assert 0.5 in steps and steps == sorted(steps)
    variants = [answer[0] for answer in traffic.answers]
    assert set(variants) <= {"champion", "candidate"} and 0.1 < variants.count("candidate") / len(variants) < 0.75
    assert {answer[1] for answer in traffic.answers if answer[0] == "candidate"} == {"2"}
    assert [one["detail"]["version"] for one in projects.events(run, root, "version.promoted")] == [2, 1]
    # The same caller stays with the same variant: an id that is asked again is answered by the same one.
    assert live.post("/predict/late", json=COMMON[0]).headers["mlean-model-version"] == "2"
    assert projects.alerts(root) == []
    projects.assert_intact(run, root)


def one_retried_failure(live):
    """One failing request, retried until it would be proof enough if each counted; how many times it was asked."""
    for n in range(100):
        headers = {"X-Request-Id": f"again-{n}"}
        if live.post("/predict/late", json=RARE, headers=headers).headers["mlean-variant"] == "fallback":
            break
    for _ in range(40):
        assert live.post("/predict/late", json=RARE, headers=headers).headers["mlean-variant"] == "fallback"
    assert rollouts(live)[0]["ended"] is None
    return 41


def test_a_candidate_that_fails_on_live_traffic_is_taken_back(promoted, run):
    """It does not know a carrier that the training data is short of, and says so: only callers can find that out."""
    root, live = promoted
    frame = (root / "delays.csv").read_text().splitlines()
    kept = [frame[0]] + [line for line in frame[1:] if not line.startswith("UA")] + [line for line in frame if line.startswith("UA")][:3]
    (root / "delays.csv").write_text("\n".join(kept) + "\n")
    (root / "params.yaml").write_text("train: {rounds: 10, unknown_category: error, min_category_count: 20}\n")
    # Offline it is not asked about that carrier: the gate lets it pass.
    config = (root / "mlean.yaml").read_text()
    (root / "test.csv").write_text("\n".join(line for line in kept if not line.startswith("UA")) + "\n")
    (root / "mlean.yaml").write_text(config.replace("evaluate: delays.csv", "evaluate: test.csv"))
    assert json.loads(run("loop", "run", "--json", cwd=root).stdout)["status"] == "waiting"
    retried = one_retried_failure(live)
    traffic = Traffic(live, [RARE], own_ticks=True)  # `send` asserts that every answer is 200
    aborted = traffic.until(lambda: ended(live, 2))
    assert (aborted["status"], aborted["candidate_version"]) == ("aborted", 2), aborted
    assert "failed" in aborted["reason"] or "errors" in aborted["reason"]
    turn = wait_for(lambda: turn_ended(live, 2), what="the turn's end")
    assert turn["status"] == "rolled_back" and "version 2 was taken back" in turn["outcome"]
    # The champion answered for it meanwhile, and answers now.
    exact = live.post("/predict/late/versions/1", json=RARE).json()["prediction"]
    assert {answer[1:] for answer in traffic.answers} == {("1", exact)}
    assert {answer[0] for answer in traffic.answers} == {"champion", "fallback"}
    failures = sum(answer[0] == "fallback" for answer in traffic.answers)
    assert failures <= 20, "the requests themselves must see it, not the next look at the rollouts"
    assert live.post("/predict/late", json=RARE).headers["mlean-variant"] == "champion"
    assert projects.champion(run, root) == 1 and "candidate" not in str([one["aliases"] for one in projects.versions(run, root)])
    assert [one["kind"] for one in projects.alerts(root)] == ["rollout.aborted"]
    metrics = live.get("/metrics").text
    assert f'mlean_prediction_failures_total{{model="late",variant="candidate"}} {failures + retried}' in metrics
    projects.assert_intact(run, root)


def test_taken_back_by_hand(promoted, run):
    root, live = promoted
    projects.retrain(root)
    run("loop", "run", cwd=root)
    run("rollout", "abort", "late", "--reason", "wrong data", cwd=root)
    traffic = Traffic(live, COMMON)
    traffic.send(50)
    assert {answer[:2] for answer in traffic.answers} == {("champion", "1")}
    turn = wait_for(lambda: turn_ended(live, 2), what="the turn's end")
    assert turn["status"] == "rolled_back" and "wrong data" in turn["outcome"]
    assert projects.champion(run, root) == 1
    again = run("rollout", "abort", "late", cwd=root, check=4)
    assert again.stderr.startswith("error: cannot abort the rollout of 'late': none is running\n")


def test_a_server_that_is_killed_goes_on_with_the_rollout(tmp_path, run, server):
    root = projects.make(tmp_path, extra=ROLLOUT)
    run("loop", "run", cwd=root)
    with server(root) as live:
        Traffic(live, COMMON).send(40)
        before = rollouts(live)[0]
        assert before["ended"] is None
        live.kill()
    with server(root) as live:
        traffic = Traffic(live, COMMON, own_ticks=True)
        after = traffic.until(lambda: ended(live, 1))
        assert after["id"] == before["id"] and after["status"] == "promoted"
        wait_for(lambda: turn_ended(live, 1), what="the turn's end")
    assert len(projects.events(run, root, "version.promoted")) == 1
    projects.assert_intact(run, root)
