"""A small project with a loop of its own: one table, one stage, one model. Tests change what they are about."""

import json
import sqlite3

import models

CONFIG = """\
project: small
data:
  delays:
    path: delays.csv
    checks: checks.json
models:
  late:
    task: classification
    label: arrival
    positive: late
    data: delays
    train: train
    model: late.ubj
    metrics: metrics.json
    evaluate: delays.csv
    gate: [metrics.auc >= 0.6, data.delays.checks.success]
"""
TRAIN = "mlean train delays.csv --label arrival --positive late --model late.ubj --metrics metrics.json"
SUITE = {
    "expectation_suite_name": "delays",
    "expectations": [
        {"expectation_type": "expect_column_values_to_be_between", "kwargs": {"column": "hour", "min_value": 0, "max_value": 23}},
        {"expectation_type": "expect_column_values_to_not_be_null", "kwargs": {"column": "carrier"}},
    ],
}


def make(root, extra="", command=TRAIN, gate=None, params="train: {rounds: 10}\n"):
    """`extra` goes into the model's section of mlean.yaml; `gate` replaces its gate."""
    models.delays().to_csv(root / "delays.csv", index=False)
    config = CONFIG if gate is None else CONFIG.replace("[metrics.auc >= 0.6, data.delays.checks.success]", gate)
    (root / "mlean.yaml").write_text(config + extra)
    (root / "checks.json").write_text(json.dumps(SUITE))
    (root / "params.yaml").write_text(params)
    stage = {
        "cmd": command,
        "deps": ["delays.csv"],
        "params": ["train"],
        "outs": ["late.ubj"],
        "metrics": [{"metrics.json": {"cache": False}}],
    }
    (root / "dvc.yaml").write_text(json.dumps({"stages": {"train": stage}}))  # JSON is YAML
    return root


def retrain(root, depth=3):
    """Makes the next turn train another model."""
    (root / "params.yaml").write_text(f"train: {{rounds: 10, max_depth: {depth}}}\n")


def database(root):
    """Read-only: the tests ask the program, but for what it does not tell."""
    return sqlite3.connect(f"file:{root}/.mlean/mlean.db?mode=ro", uri=True, timeout=10)


def events(run, root, action):
    listed = json.loads(run("audit", "log", "--limit", 1000, "--json", cwd=root).stdout)
    return [one for one in listed if one["action"] == action]


def versions(run, root, model="late"):
    """The registered versions, newest first; [] when the model is not registered at all."""
    shown = run("models", "show", model, "--json", cwd=root, check=None)
    return json.loads(shown.stdout) if shown.returncode == 0 else []


def champion(run, root, model="late"):
    held = [one["version"] for one in versions(run, root, model) if "champion" in one["aliases"]]
    return held[0] if held else None


def alerts(root):
    """What was delivered, from the file that always gets every alert."""
    file = root / ".mlean/alerts.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def assert_intact(run, root):
    assert json.loads(run("audit", "verify", "--json", cwd=root).stdout)["intact"] is True
