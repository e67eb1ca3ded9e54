"""mlean runs … and experiment …, over what an MLflow client logged, and lineage both ways."""

import contextlib
import json
import sqlite3

import models
import projects
import pytest

API = "/api/2.0/mlflow/"


@pytest.fixture
def filled(tmp_path, server):
    """Three runs of two experiments; their ids by name."""
    ids = {}
    with server(tmp_path) as live:

        def call(path, **body):
            answer = live.post(API + path, json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()

        night = call("experiments/create", name="night")["experiment_id"]
        for number, (name, experiment, auc, depth) in enumerate([("a", "0", 0.6, 4), ("b", night, 0.8, 6), ("c", night, 0.7, 6)]):
            made = call("runs/create", experiment_id=experiment, run_name=name, start_time=1_700_000_000_000 + number * 60_000)
            ids[name] = run_id = made["run"]["info"]["run_id"]
            points = [{"key": "loss", "value": 1 / (step + 1), "timestamp": 1, "step": step} for step in range(50)]
            points += [{"key": "auc", "value": auc, "timestamp": 1, "step": 0}, {"key": "training.auc", "value": auc, "timestamp": 1, "step": 0}]
            call("runs/log-batch", run_id=run_id, metrics=points, params=[{"key": "depth", "value": str(depth)}, {"key": "eta", "value": "0.1"}])
    return tmp_path, ids


def listed(run, root, *words):
    return [one["name"] for one in json.loads(run("runs", "list", *words, "--json", cwd=root).stdout)]


def test_list(filled, run):
    root, ids = filled
    assert listed(run, root) == ["c", "b", "a"]
    assert listed(run, root, "--filter", "metrics.auc > 0.65 AND params.depth = '6'", "--order-by", "metrics.auc DESC") == ["b", "c"]
    assert listed(run, root, "--filter", "params.depth = '4' OR metrics.auc > 0.75") == ["b", "a"]
    assert listed(run, root, "--experiment", "night") == ["c", "b"]
    assert listed(run, root, "--experiment", "0") == ["a"]
    assert listed(run, root, "--max", 1) == ["c"]
    lines = run("runs", "list", "--order-by", "metrics.loss", cwd=root).stdout.splitlines()
    assert lines[0].split() == ["run", "start", "name", "status", "loss", "auc", "training.auc"]
    assert lines[1].split() == [ids["c"], "2023-11-14T22:15", "c", "RUNNING", "0.02", "0.7", "0.7"]
    wrong = run("runs", "list", "--filter", "metric.auc >", cwd=root, check=1)
    assert "error: " in wrong.stderr
    assert run("runs", "list", "--experiment", "none", cwd=root, check=4).stdout == ""
    assert "expected a hash" in run("runs", "list", "--data", "ab", cwd=root, check=1).stderr


def test_show_draws_the_curve(filled, run):
    root, ids = filled
    lines = run("runs", "show", ids["b"][:8], cwd=root).stdout.splitlines()
    assert lines[0] == f"{ids['b']}  b  RUNNING"
    loss = next(line for line in lines if " loss " in line)
    assert "0.02" in loss and loss.endswith("▁") and "█" in loss
    assert next(line for line in lines if " auc " in line).endswith(" 0.8")
    assert "cannot find run 'ffffffffffff': no run has this id" in run("runs", "show", "ffffffffffff", cwd=root, check=4).stderr


def test_a_deleted_run_says_so(filled, run):
    root, ids = filled
    run("runs", "delete", ids["b"], cwd=root)
    assert run("runs", "show", ids["b"], cwd=root).stdout.splitlines()[0] == f"{ids['b']}  b  RUNNING  deleted"
    assert json.loads(run("runs", "show", ids["b"], "--json", cwd=root).stdout)["stage"] == "deleted"


def test_names_do_not_steer_the_terminal(tmp_path, run, server):
    """Whoever may log a run chooses its name."""
    name = "red\x1b[31m\nline\t漢"
    with server(tmp_path) as live:
        for path, body in [
            ("experiments/create", {"name": name, "tags": [{"key": "t", "value": name}]}),
            ("runs/create", {"experiment_id": "1", "run_name": name, "tags": [{"key": "t", "value": name}]}),
            ("runs/create", {"experiment_id": "1", "run_name": name, "tags": [{"key": "t", "value": "other"}]}),
            ("registered-models/create", {"name": name}),
            ("model-versions/create", {"name": name, "source": "s3://b/m", "description": name}),
        ]:
            assert live.post(API + path, json=body).status_code == 200
    ids = [one["run_id"] for one in json.loads(run("runs", "list", "--json", cwd=tmp_path).stdout)]
    for words in [("runs", "list"), ("runs", "show", ids[0]), ("runs", "compare", *ids), ("experiment", "list"), ("experiment", "show", name),
                  ("experiment", "rename", name, name), ("models", "list"), ("models", "show", name)]:  # fmt: skip
        shown = run(*words, cwd=tmp_path).stdout
        assert "red\\x1b[31m\\nline\\t漢" in shown and "\x1b" not in shown, words


def test_all_models_are_listed(tmp_path, run, server):
    with server(tmp_path) as live:
        for number in range(120):
            assert live.post(API + "registered-models/create", json={"name": f"m{number}"}).status_code == 200
        assert len(live.get("/api/mlean/v1/models").json()["models"]) == 120
    assert len(run("models", "list", cwd=tmp_path).stdout.splitlines()) == 120
    assert len(json.loads(run("models", "list", "--json", cwd=tmp_path).stdout)) == 120


def test_an_unknown_experiment(filled, run):
    root, _ = filled
    for words in [("runs", "list", "--experiment", "none"), ("experiment", "show", "none"), ("experiment", "delete", "99")]:
        assert "fix: mlean experiment list" in run(*words, cwd=root, check=4).stderr


def test_compare(filled, run):
    root, ids = filled
    shown = run("runs", "compare", ids["a"], ids["b"], cwd=root).stdout
    assert "param   depth" in shown and "metric  auc" in shown and "eta" not in shown and "loss" not in shown
    assert "eta" in run("runs", "compare", ids["a"], ids["b"], "--all", cwd=root).stdout
    differences = json.loads(run("runs", "compare", "--filter", "params.depth = '6'", "--json", cwd=root).stdout)["differences"]
    assert differences["metric auc"] == ["0.7", "0.8"] and "param depth" not in differences
    assert "cannot compare 1 run" in run("runs", "compare", ids["a"], cwd=root, check=2).stderr


def test_delete_and_restore(filled, run):
    root, ids = filled
    assert run("runs", "delete", ids["a"], ids["b"][:10], cwd=root).stdout == f"deleted {ids['a']}\ndeleted {ids['b']}\n"
    assert listed(run, root) == ["c"] and listed(run, root, "--deleted") == ["b", "a"]
    # All or none.
    run("runs", "restore", ids["a"], "ffffffff", cwd=root, check=4)
    assert listed(run, root) == ["c"]
    run("runs", "restore", ids["a"], ids["b"], cwd=root)
    assert listed(run, root) == ["c", "b", "a"]
    run("runs", "delete", cwd=root, check=2)


def test_experiments(filled, run):
    root, _ = filled

    def names(*words):
        return [one["name"] for one in json.loads(run("experiment", "list", *words, "--json", cwd=root).stdout)]

    assert names() == ["night", "Default"]
    assert names("--filter", "name LIKE 'nig%'") == ["night"]
    assert run("experiment", "create", "day", cwd=root).stdout == "made experiment 2 'day'\n"
    assert "already exists" in run("experiment", "create", "day", cwd=root, check=1).stderr
    run("experiment", "rename", "day", "days", cwd=root)
    assert json.loads(run("experiment", "show", "night", "--json", cwd=root).stdout)["runs"] == 2
    assert run("experiment", "show", "2", cwd=root).stdout.startswith("2  days  active\n")
    run("experiment", "delete", "night", cwd=root)
    assert names() == ["days", "Default"] and names("--deleted") == ["night"]
    assert listed(run, root) == ["a"]
    run("experiment", "restore", "night", cwd=root)
    assert listed(run, root) == ["c", "b", "a"]
    run("experiment", "show", "nothing", cwd=root, check=4)


def test_lineage_both_ways(tmp_path, run, server):
    root = projects.make(tmp_path)
    run("loop", "run", cwd=root)
    row = models.delays().drop(columns=["arrival"]).iloc[0]
    with server(root) as live:
        for _ in range(3):
            assert live.post("/predict/late", json=json.loads(row.to_json())).status_code == 200
        [version] = json.loads(run("models", "show", "late", "--lineage", "--json", cwd=root).stdout)
        assert version == live.get("/api/mlean/v1/lineage/models/late/versions/1").json()
        assert version["predictions"] == 3 and version["aliases"] == ["champion"]
        [data] = version["run"]["data"]
        assert data["name"] == "delays" and version["run"]["turn"]
        run_id = version["run"]["run_id"]
        of_run = live.get(f"/api/mlean/v1/lineage/runs/{run_id}").json()
        assert [(one["model"], one["version"], one["predictions"]) for one in of_run["versions"]] == [("late", 1, 3)]
        assert json.loads(run("runs", "show", run_id, "--json", cwd=root).stdout)["lineage"] == of_run
        of_data = live.get(f"/api/mlean/v1/lineage/data/{data['digest'][:10]}").json()
        assert [(one["run_id"], one["versions"]) for one in of_data["runs"]] == [(run_id, [{"model": "late", "version": 1}])]
        assert listed(run, root, "--data", data["digest"]) == ["turn-1"]
        for path, status in (("runs/none", 404), ("models/late/versions/9", 404), ("models/late/versions/x", 400), ("data/ab", 400), ("data/..%25", 400)):
            assert live.get("/api/mlean/v1/lineage/" + path).status_code == status, path
        assert "/api/mlean/v1/lineage/data/{digest}" in live.get("/openapi.json").json()["paths"]
    text = run("models", "show", "late", "--lineage", cwd=root).stdout
    assert "late@1" in text and data["digest"] in text and "predictions 3" in text
    assert "late@1" in run("runs", "show", run_id, cwd=root).stdout


@pytest.mark.parametrize(
    "words, code, text",
    [
        (["runs", "show", "nope"], 4, "cannot find run 'nope': no run has this id"),
        (["runs", "delete", "nope"], 4, "cannot find run 'nope': no run has this id"),
        (["runs", "gc", "--run-ids", "nope"], 4, "cannot delete run 'nope' for good: "),
        (["runs", "gc", "--experiment", "77"], 4, "cannot delete what is in experiment '77' for good: no experiment has this id"),
        (["runs", "list", "--filter", "metrics."], 1, "cannot use --filter: Invalid clause(s) in filter string: 'metrics.'"),
        (["runs", "list", "--order-by", "nonsense.x"], 1, "cannot use --order-by: "),
        (["users", "remove", "nobody"], 4, "cannot remove user 'nobody': no user has this name"),
        (["users", "password", "nobody"], 4, "cannot change user 'nobody': no user has this name"),
        (["users", "admin", "nobody"], 4, "cannot change user 'nobody': no user has this name"),
        (["tokens", "create", "--user", "nobody"], 4, "cannot make a token of 'nobody': no user has this name"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(filled, run, words, code, text):
    done = run(*words, cwd=filled[0], check=code)
    assert text in done.stderr and done.stdout == "" and len(done.stderr.splitlines()) <= 2


def test_a_store_that_cannot_be_read_has_no_missing_experiment(filled, run):
    root = filled[0]
    with contextlib.closing(sqlite3.connect(root / ".mlean/mlean.db")) as database, database:
        database.execute("ALTER TABLE experiments RENAME TO elsewhere")
    done = run("runs", "gc", "--experiment", "0", cwd=root, check=1)
    assert "cannot delete what is in experiment '0' for good: " in done.stderr and "no such table" in done.stderr
