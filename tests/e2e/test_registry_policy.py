"""What becomes of a promotion that goes around the gate of mlean.yaml: `registry.ungated`, for MLflow's API and the command line alike."""

import models
import projects
import pytest
import requests

API = "/api/2.0/mlflow/"
WORDS = "version 2 of 'late' has not passed its gate"


@pytest.fixture
def project(tmp_path, run):
    """Version 1 came through a turn and its gate; version 2 was registered by hand."""

    def make(extra):
        root = projects.make(tmp_path, extra)
        run("loop", "run", cwd=root)
        run("models", "register", "late", models.bare(tmp_path / "bare.ubj").file, cwd=root)
        return root

    return make


def set_alias(live, alias, version):
    return live.post(API + "registered-models/alias", json={"name": "late", "alias": alias, "version": str(version)})


def set_stage(live, stage, version):
    return live.post(API + "model-versions/transition-stage", json={"name": "late", "version": str(version), "stage": stage})


def ungated(run, root):
    return [(one["detail"]["change"], one["detail"]["missing"], one["actor"].split(":")[0]) for one in projects.events(run, root, "version.ungated")]


def test_deny(project, run, server):
    root = project("registry: {ungated: deny}\n")
    with server(root) as live:
        for answer in (set_alias(live, "champion", 2), set_alias(live, "previous", 2), set_stage(live, "Production", 2)):
            assert answer.status_code == 403
            assert answer.json()["error_code"] == "PERMISSION_DENIED"
            assert WORDS in answer.json()["message"] and "mlean gate late" in answer.json()["message"]
        assert projects.champion(run, root) == 1
        # What does not go into production is nobody's business, and what has passed its gate may go.
        assert set_alias(live, "mine", 2).status_code == 200
        assert set_stage(live, "Staging", 2).status_code == 200
        assert set_alias(live, "champion", 1).status_code == 200
        assert set_stage(live, "Production", 1).status_code == 200
        # The file is read again: a project may change its mind while the server runs.
        (root / "mlean.yaml").write_text((root / "mlean.yaml").read_text().replace("deny", "allow"))
        assert set_alias(live, "champion", 2).status_code == 200
    assert ungated(run, root) == []
    (root / "mlean.yaml").write_text((root / "mlean.yaml").read_text().replace("allow", "deny"))
    run("models", "promote", "late", 1, cwd=root)
    for verb in (("promote", "late", 2), ("alias", "late", "champion", 2)):
        done = run("models", *verb, cwd=root, check=6)
        assert WORDS in done.stderr and "fix: mlean gate late" in done.stderr
    assert projects.champion(run, root) == 1
    projects.assert_intact(run, root)


def test_record_is_the_default(project, run, server):
    root = project("")
    with server(root) as live:
        assert set_alias(live, "champion", 2).status_code == 200
        assert set_alias(live, "champion", 2).status_code == 200  # nothing changes, nothing is recorded
        assert projects.champion(run, root) == 2
        assert ungated(run, root) == [("champion", "has not passed its gate", "server")]
        run("models", "promote", "late", 1, cwd=root)
        run("models", "promote", "late", 2, "--reason", "on call", cwd=root)
        assert live.post("/api/mlean/v1/tick").status_code == 200
    assert sorted(ungated(run, root)) == [("champion", "has not passed its gate", "cli"), ("champion", "has not passed its gate", "server")]
    told = [one for one in projects.alerts(root) if one["kind"] == "promotion.ungated"]
    assert len(told) == 2 and any("on call" in one["text"] for one in told)
    promoted = [one["detail"] for one in projects.events(run, root, "version.promoted")]
    assert {"before": 1, "version": 2, "why": "on call"} in [{key: one.get(key) for key in ("before", "version", "why")} for one in promoted]
    projects.assert_intact(run, root)


def test_approvals_count(project, run, server):
    root = project("    approvals: 1\nregistry: {ungated: deny}\n")
    assert projects.champion(run, root) is None  # the turn waits for its approval
    with server(root) as live:
        answer = set_alias(live, "champion", 1)
        assert answer.status_code == 403
        assert "has 0 of 1 approvals" in answer.json()["message"] and "mlean approve late@1" in answer.json()["message"]
        # A tag is no approval.
        tag = {"name": "late", "version": "1", "key": "mlean.approval.eve", "value": projects.versions(run, root)[-1]["digest"]}
        for method, path in (("POST", "set-tag"), ("DELETE", "delete-tag")):
            answer = requests.request(method, live.url + API + "model-versions/" + path, json=tag, timeout=30)
            assert answer.status_code == 403 and "mlean approve late@1" in answer.json()["message"]
        made = live.post(API + "model-versions/create", json={"name": "late", "source": "s3://b/m", "tags": [{"key": tag["key"], "value": ""}]})
        assert made.status_code == 200 and "tags" not in made.json()["model_version"]
        run("approve", "late@1", cwd=root)
        assert set_alias(live, "champion", 1).status_code == 200
    assert projects.champion(run, root) == 1


def test_no_name_is_a_way_around(project, run, server):
    """What is the champion under another name would be the project's by a new name."""
    root = project("registry: {ungated: deny}\n")
    run("models", "register", "other", root / "late.ubj", cwd=root)
    run("models", "promote", "other", 1, cwd=root)

    def rename(old, new):
        return live.post(API + "registered-models/rename", json={"name": old, "new_name": new})

    with server(root) as live:
        assert rename("late", "kept").status_code == 200
        denied = rename("other", "late")
        assert denied.status_code == 403 and "version 1 of 'late' has not passed its gate" in denied.json()["message"]
        assert live.get(API + "registered-models/get?name=other").status_code == 200
        assert rename("kept", "late").status_code == 200  # its champion came through the gate
        assert rename("late", "late").status_code == 200
        (root / "mlean.yaml").write_text((root / "mlean.yaml").read_text().replace("deny", "record"))
        assert rename("late", "kept").status_code == 200 and rename("other", "late").status_code == 200
    assert sorted(change for change, *_ in ungated(run, root)) == ["champion", "stage Production"]
    renamed = [(one["detail"]["from"], one["detail"]["to"], one["actor"].split(":")[0]) for one in projects.events(run, root, "model.renamed")]
    assert sorted(renamed) == [("kept", "late", "server"), ("late", "kept", "server"), ("late", "kept", "server"), ("other", "late", "server")]
    projects.assert_intact(run, root)


def test_events_name_what_was_archived(project, run, server):
    root = project("")
    with server(root) as live:
        assert set_stage(live, "Staging", 1).status_code == set_stage(live, "Staging", 2).status_code == 200
        body = {"name": "late", "version": "2", "stage": "Staging", "archive_existing_versions": True}
        for _ in range(2):  # the second changes nothing
            assert live.post(API + "model-versions/transition-stage", json=body).status_code == 200
        assert set_stage(live, "Production", 1).status_code == set_alias(live, "champion", 2).status_code == 200
    changes = [(one["object"][-1], *(one["detail"][key] for key in ("from", "to", "archived"))) for one in projects.events(run, root, "version.stage_changed")]
    assert sorted(changes) == [
        ("1", "Archived", "Production", []), ("1", "Production", "Staging", []), ("2", "None", "Staging", []), ("2", "Staging", "Staging", [1]),
    ]  # fmt: skip
    promoted = [(one["object"][-1], one["detail"]["from"], one["detail"]["archived"]) for one in projects.events(run, root, "version.promoted")]
    assert sorted(promoted) == [("1", "None", []), ("2", "Staging", [1])]


def test_models_outside_of_the_project_are_free(project, run, server, tmp_path):
    root = project("registry: {ungated: deny}\n")
    run("models", "register", "other", models.bare(tmp_path / "bare.ubj").file, cwd=root)
    run("models", "promote", "other", 1, cwd=root)
    assert projects.champion(run, root, "other") == 1


def test_an_unknown_word(tmp_path, run):
    root = projects.make(tmp_path, "registry: {ungated: refuse}\n")
    done = run("loop", "status", cwd=root, check=None)
    assert done.returncode != 0 and "mlean.yaml:" in done.stderr and "ungated" in done.stderr
