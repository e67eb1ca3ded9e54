"""Your own data in two commands: `mlean init --data FILE --label COLUMN` and `mlean loop run`; then `mlean server` serves and watches it."""

import datetime
import json
import shutil
import subprocess

import pandas as pd
import pytest
import xgboost as xgb
from conftest import TOP, wait_for
from sklearn import datasets

VEGA = TOP / ".deps/vega"


def sklearn_set(name):
    def load():
        return getattr(datasets, f"load_{name}")(as_frame=True).frame

    return load


def cars():
    frame = pd.read_json(VEGA / "cars.json")
    assert frame["Miles_per_Gallon"].isna().any() and frame["Horsepower"].isna().any()
    return frame


def weather():
    return pd.read_csv(VEGA / "seattle-weather.csv")


# name: how to get it, label, further options, task, columns left out, a measure of metrics.json and the least it must reach
SETS = {
    "breast_cancer": (sklearn_set("breast_cancer"), "target", [], "classification", [], ("auc", 0.95)),
    "wine": (sklearn_set("wine"), "target", [], "classification", [], ("accuracy", 0.85)),
    "diabetes": (sklearn_set("diabetes"), "target", [], "regression", [], ("r2", 0.2)),
    "weather": (weather, "weather", ["--time", "date"], "classification", ["date"], ("accuracy", 0.5)),
    "cars": (cars, "Miles_per_Gallon", ["--key", "Name,Year"], "regression", ["Name", "Year"], ("r2", 0.6)),
    "origin": (cars, "Origin", ["--model", "origin"], "classification", ["Name", "Year"], ("accuracy", 0.65)),
}


def as_rows(frame):
    """Rows as JSON objects, gaps as null."""
    return json.loads(frame.to_json(orient="records"))


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("name", SETS)
def test_own_data_in_two_commands(name, tmp_path, run, server):
    load, label, options, task, left_out, (measure, least) = SETS[name]
    frame = load()
    frame.to_csv(tmp_path / f"{name}.csv", index=False)

    plan = json.loads(run("init", "--data", f"{name}.csv", "--label", label, *options, "--json", cwd=tmp_path).stdout)
    assert plan["task"] == task
    assert [one["column"] for one in plan["left_out"]] == left_out
    assert set(plan["features"]) == set(frame.columns) - {label, *left_out}
    assert plan["files"] == ["mlean.yaml", "dvc.yaml", "params.yaml", f"checks/{name}.json"]

    turn = json.loads(run("loop", "run", "--json", cwd=tmp_path).stdout)
    assert (turn["status"], turn["version"]) == ("promoted", 1), turn
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics[measure] >= least, metrics
    again = json.loads(run("loop", "run", "--json", cwd=tmp_path).stdout)
    assert again["status"] == "unchanged", again

    rows = as_rows(frame)
    with server(tmp_path) as live:
        reply = live.post(f"/predict/{plan['model']}", json=rows[0])
        assert reply.status_code == 200, reply.text
        answer = reply.json()
        assert answer["version"] == "1"
        if task == "classification":
            assert answer["label"] in {str(value) for value in frame[label].unique()}
        check_drift(live, plan, frame, rows)


def observe(live, model, since, requests_wanted):
    """What the monitor sees since then, once it has seen that many requests."""

    def ask():
        reply = live.get(f"/api/mlean/v1/models/{model}/observe", params={"from": since})
        assert reply.status_code == 200, reply.text
        return reply.json() if reply.json()["requests"] >= requests_wanted else None

    return wait_for(ask, what=f"a log of {requests_wanted} requests")


def check_drift(live, plan, frame, rows):
    model = plan["model"]
    assert live.post(f"/predict/{model}", json=rows).status_code == 200
    seen = observe(live, model, "1970-01-01", len(rows) + 1)
    assert seen["requests"] == len(rows) + 1
    assert not seen["drift"]["dataset_drift"], seen["drift"]

    since = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    shifted = frame.copy()
    for column in shifted.select_dtypes("number"):
        shifted[column] = shifted[column] + 2 * shifted[column].std().round() + 2
    assert live.post(f"/predict/{model}", json=as_rows(shifted)).status_code == 200
    seen = observe(live, model, since, len(rows))
    assert seen["drift"]["dataset_drift"], seen["drift"]
    drifted = {one["name"] for one in seen["drift"]["columns"] if one["verdict"] == "drifted"}
    numbers = set(frame.select_dtypes("number").columns) & set(plan["features"])
    assert numbers <= drifted | {"prediction"}, (numbers - drifted, seen["drift"])


def test_gaps_and_unknown_texts_are_answered(tmp_path, run, server):
    frame = cars().drop(columns=["Name", "Year"])
    frame.to_csv(tmp_path / "cars.csv", index=False)
    run("init", "--data", "cars.csv", "--label", "Miles_per_Gallon", cwd=tmp_path)
    run("loop", "run", cwd=tmp_path)
    with server(tmp_path) as live:
        row = as_rows(frame.head(1))[0] | {"Horsepower": None, "Origin": "Atlantis"}
        assert live.post("/predict/cars", json=row).status_code == 200
        del row["Horsepower"]
        refused = live.post("/predict/cars", json=row)
        assert refused.status_code == 422 and "Horsepower" in refused.text


def test_classes_with_one_row_do_not_stop_training(tmp_path, run):
    """Some of them are only among the rows held back for early stopping, some only among the test rows."""
    frame = weather().head(400)
    for row in range(0, 400, 33):
        frame.loc[row, "weather"] = f"odd {row}"
    frame.to_csv(tmp_path / "weather.csv", index=False)
    run("init", "--data", "weather.csv", "--label", "weather", cwd=tmp_path)
    assert json.loads(run("loop", "run", "--json", cwd=tmp_path).stdout)["status"] == "promoted"


def test_odd_names(tmp_path, run, server):
    """Names of files, columns and classes that YAML, the shell, DVC's templates, SQL and MLflow's metric keys read in their own ways."""
    frame = datasets.load_iris(as_frame=True).frame  # "sepal length (cm)"
    frame = frame.rename(columns={"petal length (cm)": "it's ${HOME}, #1", "petal width (cm)": 'größe "x"', "target": "${y}: a"})
    frame["${y}: a"] = frame["${y}: a"].map({0: "s/etosa & co", 1: "(versi)", 2: "-"})
    name = "it's ${HOME}: a #1 (2).csv"
    frame.to_csv(tmp_path / name, index=False)
    plan = json.loads(run("init", "--data", name, "--label", "${y}: a", "--json", cwd=tmp_path).stdout)
    turn = json.loads(run("loop", "run", "--json", cwd=tmp_path).stdout)
    assert turn["status"] == "promoted", turn
    with server(tmp_path) as live:
        answer = live.post(f"/predict/{plan['model']}", json=as_rows(frame.head(1))[0])
        assert answer.json()["label"] == "s/etosa & co", answer.text


def test_a_folder_of_deliveries_in_git(tmp_path, run, env):
    frame = sklearn_set("breast_cancer")()
    (tmp_path / "data").mkdir()
    frame[:300].to_csv(tmp_path / "data/first.csv", index=False)
    frame[300:500].to_csv(tmp_path / "data/second.csv", index=False)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, env=env, check=True)
    run("-C", tmp_path, "init", "--data", "data", "--label", "target", cwd="/")
    run("-C", tmp_path, "loop", "run", cwd="/")
    status = subprocess.run(["git", "status", "--porcelain", "-uall"], cwd=tmp_path, env=env, capture_output=True, text=True)
    seen = {line[3:] for line in status.stdout.splitlines()}
    assert {"mlean.yaml", "dvc.yaml", "dvc.lock", "metrics.json", "checks/data.json"} <= seen
    assert not {name for name in seen if name.endswith((".parquet", ".ubj")) or name.startswith(".mlean")}, seen
    frame[100:160].to_csv(tmp_path / "data/third.csv", index=False)
    turn = json.loads(run("loop", "run", "--json", cwd=tmp_path, check=None).stdout)
    assert turn["status"] in ("promoted", "denied"), turn  # the gate says which; the small delivery is no failure


def test_a_bad_delivery_stops_before_training(tmp_path, run):
    frame = sklearn_set("wine")()
    frame.to_csv(tmp_path / "wine.csv", index=False)
    run("init", "--data", "wine.csv", "--label", "target", cwd=tmp_path)
    run("loop", "run", cwd=tmp_path)
    frame["alcohol"] *= 100
    frame.to_csv(tmp_path / "wine.csv", index=False)
    stopped = run("loop", "run", cwd=tmp_path, check=6)
    assert "wine.csv: column 'alcohol'" in stopped.stderr


def test_errors_are_clear_and_write_nothing(tmp_path, run):
    shutil.copy(VEGA / "seattle-weather.csv", tmp_path / "weather.csv")
    before = tree(tmp_path)

    def refused(status, *args, says):
        done = run("init", *args, cwd=tmp_path, check=status)
        for text in says:
            assert text in done.stderr, done.stderr
        assert done.stdout == "" and tree(tmp_path) == before

    refused(4, "--data", "wether.csv", "--label", "weather", says=["no such file", "weather.csv"])
    refused(4, "--data", "weather.csv", "--label", "wether", says=["'wether'", "--label 'weather'"])
    refused(4, "--data", "weather.csv", "--label", "weather", "--time", "dat", says=["--time 'dat'", "--time 'date'"])
    refused(2, "--data", "weather.csv", says=["needs --label"])
    refused(2, "--label", "weather", says=["--data"])
    shutil.copy(VEGA / "cars.json", tmp_path / "cars.json")
    before = tree(tmp_path)
    refused(1, "--data", "cars.json", "--label", "Origin", says=["cannot read", "cars.json"])


def test_replaces_only_when_forced(tmp_path, run):
    shutil.copy(VEGA / "seattle-weather.csv", tmp_path / "weather.csv")
    (tmp_path / "mlean.yaml").write_text("project: mine\n")
    done = run("init", "--data", "weather.csv", "--label", "weather", cwd=tmp_path, check=1)
    assert "'mlean.yaml' exists" in done.stderr and "-f" in done.stderr
    assert tree(tmp_path) == ["mlean.yaml", "weather.csv"]
    run("init", "-f", "--data", "weather.csv", "--label", "weather", cwd=tmp_path)
    assert "project: mine" not in (tmp_path / "mlean.yaml").read_text()


def test_plain_init_is_dvc_init(tmp_path, run, env):
    """Texts, streams, statuses and files as dvc 3 has them."""
    outside = run("init", cwd=tmp_path, check=1)
    assert outside.stderr.startswith(f"ERROR: failed to initiate DVC - {tmp_path} is not tracked by any supported SCM tool")
    run("init", "--no-scm", "--subdir", cwd=tmp_path, check=255)
    assert tree(tmp_path) == []
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, env=env, check=True)
    made = run("init", cwd=tmp_path)
    assert made.stdout.startswith("Initialized DVC repository.\n\nYou can now commit the changes to git.\n\nWhat's next?\n")
    staged = subprocess.run(["git", "diff", "--cached", "--name-only"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert sorted(staged.stdout.split()) == [".dvc/.gitignore", ".dvc/config", ".dvcignore"]
    again = run("init", cwd=tmp_path, check=1)
    assert again.stderr == "ERROR: failed to initiate DVC - '.dvc' exists. Use `-f` to force.\n"
    assert run("init", "-f", "-q", cwd=tmp_path).stdout == ""
    bare = tmp_path / "bare"
    bare.mkdir()
    assert run("init", "--subdir", "-q", cwd=bare).returncode == 0
    assert (bare / ".dvc/config").exists()


def test_your_own_python_training(tmp_path, run, server):
    project = tmp_path / "own_training"
    shutil.copytree(TOP / "examples/own_training", project)
    turn = json.loads(run("loop", "run", "--json", cwd=project).stdout)
    assert (turn["status"], turn["version"]) == ("promoted", 1), turn
    frame = pd.read_csv(project / "data/customers.csv")
    test = pd.read_csv(project / "data/test.csv")
    rows = as_rows(test)
    with server(project) as live:
        answers = live.post("/predict/churn", json=rows)
        assert answers.status_code == 200, answers.text
        own = own_predictions(project, frame, test)
        assert [round(one["prediction"], 6) for one in answers.json()] == [round(float(p), 6) for p in own]
        seen = observe(live, "churn", "1970-01-01", len(rows))
        assert {one["name"] for one in seen["drift"]["columns"]} >= {"tenure_months", "contract"}


def own_predictions(project, frame, test):
    """The same rows by the PyPI package, from the same file."""
    features = test.drop(columns=["customer", "churned"])
    categories = sorted(frame["contract"].unique())
    features["contract"] = pd.Categorical(features["contract"], categories=categories)
    booster = xgb.Booster(model_file=str(project / "model/model.ubj"))
    return booster.predict(xgb.DMatrix(features, enable_categorical=True))
