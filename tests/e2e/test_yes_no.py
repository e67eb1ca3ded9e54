"""Classes and categories are what the file says: a CSV's yes and no, y and n, t and f are words, only true and false are bools."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score


def customers(yes, no, rows=400):
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"age": random.integers(18, 80, rows), "member": random.choice([yes, no], rows)})
    margin = 0.1 * (frame.age - 50) + np.where(frame.member == yes, 1.0, -1.0)
    frame["paid"] = np.where(random.uniform(size=rows) < 1 / (1 + np.exp(-margin)), yes, no)
    return frame


@pytest.mark.parametrize("yes, no", [("yes", "no"), ("Y", "N"), ("t", "f"), ("True", "False")])
def test_from_a_csv_to_an_answer(tmp_path, run, server, yes, no):
    frame = customers(yes, no)
    frame.to_csv(tmp_path / "customers.csv", index=False)
    positive, negative = ("true", "false") if yes == "True" else (yes, no)
    words = {yes: yes, no: no} if yes != "True" else {yes: True, no: False}  # as JSON has them
    plan = json.loads(run("init", "--data", "customers.csv", "--label", "paid", "--json", cwd=tmp_path).stdout)
    assert plan["task"] == "classification" and set(plan["features"]) == {"age", "member"}
    turn = json.loads(run("loop", "run", "--json", cwd=tmp_path).stdout)
    assert (turn["status"], turn["version"]) == ("promoted", 1), turn
    with server(tmp_path) as live:
        name = plan["model"]
        answers = [live.post(f"/predict/{name}", json={"age": age, "member": words[one]}).json() for age, one in ((79, yes), (18, no))]
        assert [one["label"] for one in answers] == [positive, negative], answers
        # The late truth comes in the file's words too.
        ids = [f"r{n}" for n in range(60)]
        for n, one in enumerate(ids):
            row = {"age": int(frame.age[n]), "member": words[frame.member[n]]}
            assert live.post(f"/predict/{name}", json=row, headers={"X-Request-Id": one}).status_code == 200
        labels = pd.DataFrame({"id": ids, "label": frame.paid[:60]})
        labels.to_csv(tmp_path / "labels.csv", index=False)
        run("labels", "add", name, "labels.csv", cwd=tmp_path)
        seen = live.get(f"/api/mlean/v1/models/{name}/observe").json()
        assert seen["labelled"] == 60 and 0.5 < seen["performance"]["auc"] <= 1, seen
    run("predictions", "export", name, "-o", "log.csv", cwd=tmp_path)
    log = pd.read_csv(tmp_path / "log.csv", dtype=str).dropna(subset=["label"])
    assert set(log["label"]) == {yes, no}
    truth = (log["label"] == yes).to_numpy()
    (scores,) = [log[column] for column in log.columns if column.startswith("prediction")]
    assert abs(roc_auc_score(truth, scores.astype(float)) - seen["performance"]["auc"]) < 1e-6


def test_parquet_says_its_types(tmp_path, run):
    frame = customers(True, False)
    frame["paid"] = frame.paid.astype(bool)
    frame["member"] = frame.member.astype(bool)
    frame.to_parquet(tmp_path / "bools.parquet")
    words = customers("yes", "no")
    words.to_parquet(tmp_path / "words.parquet")
    for name, classes in (("bools", {"true", "false"}), ("words", {"yes", "no"})):
        run("train", f"{name}.parquet", "--label", "paid", "--model", f"{name}.ubj", cwd=tmp_path)
        run("predict", f"{name}.ubj", f"{name}.parquet", "-o", f"{name}.csv", cwd=tmp_path)
        assert set(pd.read_csv(tmp_path / f"{name}.csv", dtype=str)["label"]) == classes


def test_a_suite_sees_the_words(tmp_path, run):
    customers("yes", "no").to_csv(tmp_path / "customers.csv", index=False)
    suite = {
        "expectation_suite_name": "words",
        "expectations": [
            {"expectation_type": "expect_column_values_to_be_in_set", "kwargs": {"column": "paid", "value_set": ["yes", "no"]}},
            {"expectation_type": "expect_column_values_to_be_in_set", "kwargs": {"column": "member", "value_set": ["yes", "no"]}},
        ],
    }
    (tmp_path / "checks.json").write_text(json.dumps(suite))
    run("validate", "customers.csv", "--suite", "checks.json", cwd=tmp_path)
