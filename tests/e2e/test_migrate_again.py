"""`mlean migrate mlflow` given again: what has changed there since comes over, what has changed here stays."""

import sqlite3

import projects
import pytest
import requests
from test_migrate_mlflow import API, migrate, named, place, runs_of, unpack  # noqa: F401

GATED = projects.CONFIG.replace("  late:\n", "  churn:\n")


def in_database(folder):
    database = sqlite3.connect(folder / "mlflow.db")
    with database:
        database.execute("UPDATE model_versions SET current_stage = 'Archived' WHERE name = 'churn' AND version = 1")
        database.execute("UPDATE model_versions SET current_stage = 'Production', description = 'better' WHERE name = 'churn' AND version = 2")
        database.execute("UPDATE registered_model_aliases SET version = 1 WHERE alias = 'prod'")
        database.execute("INSERT INTO registered_model_aliases(name, alias, version) VALUES('churn', 'champion', 2)")
        database.execute("INSERT INTO model_version_tags(name, version, key, value) VALUES('churn', 2, 'seen', 'yes')")
        database.execute("UPDATE experiments SET lifecycle_stage = 'active' WHERE name = 'gone'")
        database.execute("UPDATE experiment_tags SET value = 'data' WHERE key = 'team'")
        database.execute("UPDATE tags SET value = 'new note' WHERE key = 'note'")
    database.close()


def edit(file, was, now):
    text = file.read_text()
    assert was in text, (file, was)
    file.write_text(text.replace(was, now))


def in_folder(folder):
    root = folder / "mlruns"
    model = root / "models/churn"
    edit(model / "version-1/meta.yaml", "current_stage: Production", "current_stage: Archived")
    edit(model / "version-2/meta.yaml", "current_stage: None", "current_stage: Production")
    edit(model / "version-2/meta.yaml", "description: null", "description: better")
    (model / "aliases/prod").write_text("1")
    (model / "aliases/champion").write_text("2")
    (model / "version-2/tags").mkdir(exist_ok=True)
    (model / "version-2/tags/seen").write_text("yes")
    (meta,) = [path for path in root.glob(".trash/*/meta.yaml") if "name: gone" in path.read_text()]
    meta.parent.rename(root / meta.parent.name)
    edit(root / meta.parent.name / "meta.yaml", "lifecycle_stage: deleted", "lifecycle_stage: active")
    (first,) = [path.parent for path in root.glob("*/meta.yaml") if "name: first" in path.read_text()]
    (first / "tags/team").write_text("data")
    for note in first.glob("*/tags/note"):
        note.write_text("new note")


def model_of(live):
    model = live.get(f"{API}/registered-models/get?name=churn").json()["registered_model"]
    versions = {n: live.get(f"{API}/model-versions/get?name=churn&version={n}").json()["model_version"] for n in (1, 2)}
    return {alias["alias"]: alias["version"] for alias in model["aliases"]}, versions


@pytest.mark.parametrize("kind, change", [("database", in_database), ("folder", in_folder)])
def test_changes_come_over(run, place, tmp_path, server, kind, change):  # noqa: F811
    source = unpack(f"3.17-{kind}", tmp_path / "old")
    assert migrate(run, place, source)["complete"]
    change(tmp_path / "old")
    report = migrate(run, place, source)
    assert report["complete"] and report["refused_changes"] == [], report
    assert report["changes"]["brought"] >= 8 and report["changes"]["kept"] == 0, report["changes"]
    for what, count in report["counts"].items():
        assert count["here"] == count["source"], what
    with server(place) as live:
        aliases, versions = model_of(live)
        assert aliases == {"prod": "1", "champion": "2"}
        assert [versions[n]["current_stage"] for n in (1, 2)] == ["Archived", "Production"]
        assert versions[2]["description"].startswith("better")
        assert {"key": "seen", "value": "yes"} in versions[2]["tags"]
        assert named(live, "gone")["lifecycle_stage"] == "active"
        assert named(live, "first")["tags"] == [{"key": "team", "value": "data"}]
        done, _ = runs_of(live, named(live, "first")["experiment_id"])
        assert {"key": "note", "value": "new note"} in done["data"]["tags"]
    events = run("audit", "log", cwd=place).stdout
    assert events.count("version.stage_changed") == 2 and events.count("alias.set") == 2, events
    again = migrate(run, place, source)
    assert again["changes"] == {"brought": 0, "kept": 0}
    run("audit", "verify", cwd=place)


def test_what_changed_here_stays(run, place, tmp_path, server):  # noqa: F811
    source = unpack("3.17-database", tmp_path / "old")
    migrate(run, place, source)
    with server(place) as live:
        post = lambda path, **body: live.post(f"{API}/{path}", json=body).raise_for_status()  # noqa: E731
        post("model-versions/transition-stage", name="churn", version="1", stage="Staging", archive_existing_versions=False)
        post("registered-models/alias", name="churn", alias="prod", version="1")
        post("registered-models/alias", name="churn", alias="ours", version="1")
        first = named(live, "first")["experiment_id"]
        post("experiments/set-experiment-tag", experiment_id=first, key="team", value="mine")
        done, _ = runs_of(live, first)
        post("runs/set-tag", run_id=done["info"]["run_id"], key="mine", value="1")
        before = migrate(run, place, source)
        assert before["changes"] == {"brought": 0, "kept": 0}
    in_database(tmp_path / "old")
    database = sqlite3.connect(tmp_path / "old/mlflow.db", isolation_level=None)
    database.execute("UPDATE registered_model_aliases SET version = 3 WHERE alias = 'prod'")
    report = migrate(run, place, source)
    assert report["changes"]["kept"] >= 4, report["changes"]
    with server(place) as live:
        aliases, versions = model_of(live)
        assert aliases == {"prod": "1", "ours": "1", "champion": "2"}
        assert [versions[n]["current_stage"] for n in (1, 2)] == ["Staging", "Production"]
        assert named(live, "first")["tags"] == [{"key": "team", "value": "mine"}]
        done, _ = runs_of(live, named(live, "first")["experiment_id"])
        tags = {tag["key"]: tag["value"] for tag in done["data"]["tags"]}
        assert tags["mine"] == "1" and tags["note"] != "new note"
    assert migrate(run, place, source)["changes"] == {"brought": 0, "kept": 0}


def test_from_a_server(run, place, tmp_path, server):  # noqa: F811
    (tmp_path / "there").mkdir()
    with server(tmp_path / "there") as source:
        post = lambda path, **body: source.post(f"{API}/{path}", json=body).json()  # noqa: E731
        experiment = post("experiments/create", name="e")["experiment_id"]
        run_id = post("runs/create", experiment_id=experiment, run_name="r")["run"]["info"]["run_id"]
        post("runs/update", run_id=run_id, status="FINISHED", end_time=5)
        post("registered-models/create", name="m")
        for _ in range(2):
            post("model-versions/create", name="m", source="s3://x/y")
        post("registered-models/alias", name="m", alias="gone", version="1")
        assert migrate(run, place, source.url)["complete"]
        post("model-versions/transition-stage", name="m", version="2", stage="Staging", archive_existing_versions=False)
        post("registered-models/alias", name="m", alias="new", version="2")
        requests.delete(f"{source.url}{API}/registered-models/alias", json={"name": "m", "alias": "gone"}, timeout=30).raise_for_status()
        post("runs/set-tag", run_id=run_id, key="late", value="1")
        post("runs/delete", run_id=run_id)
        report = migrate(run, place, source.url)
        assert report["changes"]["brought"] == 4 and report["complete"], report
    with server(place) as live:
        model = live.get(f"{API}/registered-models/get?name=m").json()["registered_model"]
        assert model["aliases"] == [{"alias": "new", "version": "2"}]
        assert live.get(f"{API}/model-versions/get?name=m&version=2").json()["model_version"]["current_stage"] == "Staging"
        info = live.get(f"{API}/runs/get?run_id={run_id}").json()["run"]
        assert info["info"]["lifecycle_stage"] == "deleted"
        assert {"key": "late", "value": "1"} in info["data"]["tags"]


def test_a_gate_is_asked(run, place, tmp_path):  # noqa: F811
    source = unpack("3.17-database", tmp_path / "old")
    migrate(run, place, source)
    in_database(tmp_path / "old")
    (place / "mlean.yaml").write_text(GATED + "registry: {ungated: deny}\n")
    report = migrate(run, place, source)
    assert len(report["refused_changes"]) == 2, report  # version 2 into Production, and as champion
    (place / "mlean.yaml").write_text(GATED + "registry: {ungated: record}\n")
    report = migrate(run, place, source)
    assert report["refused_changes"] == [] and report["changes"]["brought"] == 2, report
    assert "version.ungated" in run("audit", "log", cwd=place).stdout
