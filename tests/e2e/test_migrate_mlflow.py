"""`mlean migrate mlflow` of kept stores (tests/golden/migrate), `mlean export mlflow`, and `mlean runs gc`.

That random stores come over whole, as MLflow's own client sees them, is in tests/clients/tracking/test_migrate.py.
"""

import base64
import http.server
import json
import pathlib
import random
import signal
import sqlite3
import ssl
import subprocess
import sys
import tarfile
import threading
import time

import pytest
import requests

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "http"))
from access import make_certificate  # noqa: E402

STORES = pathlib.Path(__file__).resolve().parents[1] / "golden/migrate"
API = "/api/2.0/mlflow"
T0 = 1_700_000_000_000


def unpack(name, folder):
    """The store's address; its places are in `folder`."""
    folder.mkdir(exist_ok=True)
    with tarfile.open(STORES / f"{name}.tar.gz") as archive:
        for entry in archive:
            path = folder / entry.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.extractfile(entry).read().replace(b"@ROOT@", str(folder).encode()))
    if not name.endswith("database"):
        return str(folder / "mlruns")
    database = sqlite3.connect(folder / "mlflow.db")
    database.executescript((folder / "mlflow.sql").read_text())
    database.commit()
    database.close()
    return f"sqlite:///{folder}/mlflow.db"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def migrate(run, place, source, *args, check=0):
    return json.loads(run("migrate", "mlflow", source, *args, "--json", cwd=place, check=check).stdout)


def named(live, name):
    return live.get(f"{API}/experiments/get-by-name?experiment_name={name}").json()["experiment"]


def runs_of(live, experiment):
    body = {"experiment_ids": [experiment], "run_view_type": "ALL", "max_results": 10, "order_by": ["start_time ASC"]}
    return live.post(f"{API}/runs/search", json=body).json()["runs"]


@pytest.mark.parametrize("name", ["2.22-database", "2.22-folder", "3.17-database", "3.17-folder"])
def test_kept_store(name, run, place, tmp_path, server):
    report = migrate(run, place, unpack(name, tmp_path / "old"))
    assert report["complete"] and report["refused"] == 0
    for what, count in report["counts"].items():
        assert count["here"] == count["source"], what
    again = migrate(run, place, unpack(name, tmp_path / "old") if name.endswith("folder") else f"sqlite:///{tmp_path}/old/mlflow.db")
    assert again["counts"] == report["counts"] and again["files"] == 0
    with server(place) as live:
        first, gone = named(live, "first"), named(live, "gone")
        assert (first["lifecycle_stage"], gone["lifecycle_stage"]) == ("active", "deleted")
        assert first["tags"] == [{"key": "team", "value": "données"}]
        done, deleted = runs_of(live, first["experiment_id"])
        assert deleted["info"]["lifecycle_stage"] == "deleted"
        assert done["info"]["status"] == "FINISHED" and done["info"]["end_time"] == T0 + 1000
        assert {p["key"]: p["value"] for p in done["data"]["params"]} == {"lr": "0.1", "long": "v" * 5000}
        assert {"key": "note", "value": 'größer 🎈\n"two" lines'} in done["data"]["tags"]
        assert done["inputs"]["dataset_inputs"][0]["dataset"]["digest"] == "d1"
        run_id = done["info"]["run_id"]
        history = live.get(f"{API}/metrics/get-history?run_id={run_id}&metric_key=loss/train").json()["metrics"]
        infinity = "Infinity" if name.endswith("folder") else 1.7976931348623157e308  # as MLflow's SQL store keeps it
        assert [(m["step"], m["value"]) for m in history] == [(0, 1.5), (0, 7.0), (1, "NaN"), (2, infinity), (3, -2e-300)]
        assert live.get(f"/get-artifact?run_uuid={run_id}&path=notes/ä b.txt").content == b"kept\n"
        model = live.get(f"{API}/registered-models/get?name=churn").json()["registered_model"]
        assert model["aliases"] == [{"alias": "prod", "version": "2"}]
        version = live.get(f"{API}/model-versions/get?name=churn&version=1").json()["model_version"]
        assert version["current_stage"] == "Production"
        assert version["source"] == f"{done['info']['artifact_uri']}/notes"
        made = live.post(f"{API}/model-versions/create", json={"name": "churn", "source": version["source"], "run_id": run_id}).json()
        assert made["model_version"]["version"] == "4"  # the third was deleted there


def test_names_that_are_taken(run, place, tmp_path, server):
    with server(place) as live:
        live.post(f"{API}/experiments/create", json={"name": "first"})
    source = unpack("3.17-database", tmp_path / "old")
    refused = run("migrate", "mlflow", source, cwd=place, check=1)
    assert "experiment 'first' is in this store already" in refused.stderr and "--prefix" in refused.stderr
    assert run("migrate", "mlflow", source, "--dry-run", cwd=place, check=1).stderr == refused.stderr
    assert migrate(run, place, source, "--prefix", "old-")["complete"]
    assert "prefix" in run("migrate", "mlflow", source, "--prefix", "new-", cwd=place, check=5).stderr
    with server(place) as live:
        assert len(runs_of(live, named(live, "old-first")["experiment_id"])) == 2
        assert live.get(f"{API}/registered-models/get?name=old-churn").status_code == 200


def test_a_dry_run_makes_nothing(run, tmp_path):
    source = unpack("3.17-folder", tmp_path / "old")
    (tmp_path / "empty").mkdir()
    report = migrate(run, tmp_path / "empty", source, "--dry-run")
    assert report["counts"]["runs"] == {"source": 3, "here": 0}
    assert list((tmp_path / "empty").iterdir()) == []


def test_files_come_later(run, place, tmp_path, server):
    source = unpack("3.17-database", tmp_path / "old")
    assert migrate(run, place, source, "--no-artifacts")["files"] == 0
    with server(place) as live:  # the server runs meanwhile
        before = runs_of(live, named(live, "first")["experiment_id"])[0]["info"]["artifact_uri"]
        assert before.startswith(str(tmp_path / "old"))
        assert migrate(run, place, source)["files"] == 1
        info = runs_of(live, named(live, "first")["experiment_id"])[0]["info"]
        assert info["artifact_uri"].startswith("mlflow-artifacts:/")
        assert live.get(f"/get-artifact?run_uuid={info['run_id']}&path=notes/ä b.txt").content == b"kept\n"


def test_files_of_the_old_server(run, place, tmp_path, server):
    """`mlflow-artifacts:` addresses mean a folder that only the old server knows; s3 ones are everybody's."""
    source = unpack("3.17-database", tmp_path / "old")
    database = sqlite3.connect(tmp_path / "old/mlflow.db")
    (experiment,) = database.execute("SELECT experiment_id FROM experiments WHERE name = 'first'").fetchone()
    (gone,) = database.execute("SELECT experiment_id FROM experiments WHERE name = 'gone'").fetchone()
    for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri"), ("model_versions", "source"), ("logged_models", "artifact_location")):
        database.execute(f"UPDATE {table} SET {column} = replace({column}, ?, 'mlflow-artifacts:/{experiment}')", (f"{tmp_path}/old/mlruns/{experiment}",))
        database.execute(f"UPDATE {table} SET {column} = replace({column}, ?, 's3://bucket/{gone}')", (f"{tmp_path}/old/mlruns/{gone}",))
    database.commit()
    database.close()
    (tmp_path / "old/mlruns").rename(tmp_path / "kept")
    report = migrate(run, place, source, check=3)
    assert report["complete"] and report["files_missing"] == 3 and report["files_elsewhere"] == 1
    report = migrate(run, place, source, "--artifacts", tmp_path / "kept")
    assert report["files"] == 1 and report["files_missing"] == 0
    with server(place) as live:
        info = runs_of(live, named(live, "first")["experiment_id"])[0]["info"]
        assert live.get(f"/get-artifact?run_uuid={info['run_id']}&path=notes/ä b.txt").content == b"kept\n"
        assert named(live, "gone")["artifact_location"] == f"s3://bucket/{gone}"
        assert runs_of(live, named(live, "gone")["experiment_id"])[0]["info"]["artifact_uri"].startswith("s3://bucket/")


def test_experiments_get_other_ids(run, place, tmp_path, server):
    """Each id of the source is the next one's here: a version's source is moved once, not from one to the next."""
    source = unpack("3.17-database", tmp_path / "old")
    database = sqlite3.connect(tmp_path / "old/mlflow.db")
    experiments = [id_ for (id_,) in database.execute("SELECT experiment_id FROM experiments WHERE name <> 'Default'")]
    for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri"), ("model_versions", "source"), ("logged_models", "artifact_location")):
        database.execute(f"UPDATE {table} SET {column} = replace({column}, '{tmp_path}/old/mlruns/', 'mlflow-artifacts:/')")
    database.commit()
    database.close()
    assert experiments == [1, 2]
    (tmp_path / "old/mlruns").rename(tmp_path / "old/mlartifacts")
    with server(place) as live:
        live.post(f"{API}/experiments/create", json={"name": "mine"})
        for _ in range(2):
            assert migrate(run, place, source)["complete"]
            first = named(live, "first")["experiment_id"]
            assert [first, named(live, "gone")["experiment_id"]] == ["2", "3"]
            uri = runs_of(live, first)[0]["info"]["artifact_uri"]
            assert uri.startswith("mlflow-artifacts:/2/")
            version = live.get(f"{API}/model-versions/get?name=churn&version=1").json()["model_version"]
            assert version["source"] == f"{uri}/notes"


def test_what_still_ran_is_brought_again(run, place, tmp_path, server):
    source = unpack("3.17-database", tmp_path / "old")
    database = sqlite3.connect(tmp_path / "old/mlflow.db", isolation_level=None)
    ((run_id, uri),) = database.execute("SELECT run_uuid, artifact_uri FROM runs WHERE status = 'FINISHED' AND lifecycle_stage = 'active'")
    ((model_id, model_uri),) = database.execute("SELECT model_id, artifact_location FROM logged_models LIMIT 1").fetchall()
    database.execute("UPDATE runs SET status = 'RUNNING', end_time = NULL WHERE run_uuid = ?", (run_id,))
    database.execute("UPDATE logged_models SET status = 1 WHERE model_id = ?", (model_id,))
    assert migrate(run, place, source)["complete"]
    database.execute("UPDATE runs SET status = 'FINISHED', end_time = ? WHERE run_uuid = ?", (T0 + 5, run_id))
    database.execute("UPDATE logged_models SET status = 2 WHERE model_id = ?", (model_id,))
    database.execute("INSERT INTO metrics(key, value, timestamp, run_uuid, step, is_nan) VALUES('late', 0.5, ?, ?, 9, 0)", (T0, run_id))
    pathlib.Path(uri, "late.txt").write_text("late\n")
    pathlib.Path(model_uri).mkdir(parents=True, exist_ok=True)
    pathlib.Path(model_uri, "late.txt").write_text("late model\n")
    report = migrate(run, place, source)
    assert report["complete"] and report["counts"]["metric points"]["here"] == report["counts"]["metric points"]["source"]
    with server(place) as live:
        info = live.get(f"{API}/runs/get?run_id={run_id}").json()["run"]["info"]
        assert (info["status"], info["end_time"]) == ("FINISHED", T0 + 5)
        assert live.get(f"/get-artifact?run_uuid={run_id}&path=late.txt").text == "late\n"
        files = live.get(f"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files?artifact_file_path=late.txt")
        assert files.text == "late model\n"
    assert migrate(run, place, source)["files"] == 0


def test_names_of_files(run, place, tmp_path, server):
    """As MLflow's server names them: without percent-encoding, but for control characters, which its 2.x clients make by chance."""
    source = unpack("3.17-folder", tmp_path / "old")
    folder = next(path for path in (tmp_path / "old").rglob("ä b.txt")).parent
    image = "dogs%step%1%timestamp%1795000000000%nf.png"
    for name in (image, "a%20b", "x%41", "xA", "a#b", "tab\there"):
        (folder / name).write_text(name)
    report = migrate(run, place, source, check=3)
    assert report["refused"] == 2 and "another file has its name" in "".join(report["refused_files"])
    with server(place) as live:
        info = runs_of(live, named(live, "first")["experiment_id"])[0]["info"]
        listed = live.get(f"{API}/artifacts/list?run_id={info['run_id']}&path=notes").json()["files"]
        assert [one["path"].split("/")[1] for one in listed] == ["a b", image, "tab%09here", "xA", "ä b.txt"]
        again = migrate(run, place, source, check=3)
        assert (again["files"], again["refused"], again["refused_files"]) == (0, 2, [])
        for name, text in [(image, image), ("a b", "a%20b"), ("xA", "xA"), ("tab%09here", "tab\there")]:
            got = live.get("/get-artifact", params={"run_uuid": info["run_id"], "path": "notes/" + name})
            assert got.status_code == 200 and got.text == text


def test_what_is_no_store(run, place, tmp_path):
    (tmp_path / "text").write_text("hello\n" * 1000)
    assert "file is not a database" in run("migrate", "mlflow", f"sqlite:///{tmp_path}/text", cwd=place, check=1).stderr
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t(x)").connection.commit()
    assert "no MLflow database" in run("migrate", "mlflow", f"sqlite:///{tmp_path}/other.db", cwd=place, check=1).stderr
    assert "no such" in run("migrate", "mlflow", "nothing", cwd=place, check=4).stderr
    assert "only SQLite" in run("migrate", "mlflow", "postgresql://a/b", cwd=place, check=1).stderr


def grow(database, runs, points):
    """Adds runs with many points to an MLflow database."""
    rng = random.Random(5)
    connection = sqlite3.connect(database)
    for i in range(runs):
        run_id = f"{i:032x}"
        connection.execute(
            "INSERT INTO runs(run_uuid, name, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id, source_type) "
            "VALUES(?, ?, 'FINISHED', ?, ?, 'active', ?, 0, 'LOCAL')", (run_id, f"r{i}", T0 + i, T0 + i, f"/nowhere/{run_id}"),
        )  # fmt: skip
        connection.executemany("INSERT INTO params(key, value, run_uuid) VALUES(?, ?, ?)", [(f"p{k}", str(k), run_id) for k in range(5)])
        rows = [("m", rng.random(), T0 + k, run_id, k, 0) for k in range(points)]
        connection.executemany("INSERT INTO metrics(key, value, timestamp, run_uuid, step, is_nan) VALUES(?, ?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()


def rows_of(root):
    """All rows of tracking, without the small numbers that depend on the order."""
    connection = sqlite3.connect(root / ".mlean/mlean.db")
    return {
        "metrics": connection.execute("SELECT r.run_id, m.time, m.step, m.value FROM metrics m JOIN runs r ON r.no = m.run ORDER BY 1, 2, 3, 4").fetchall(),
        "latest": connection.execute("SELECT r.run_id, m.step, m.value FROM latest_metrics m JOIN runs r ON r.no = m.run ORDER BY 1, 2, 3").fetchall(),
        "params": connection.execute("SELECT r.run_id, p.key, p.value FROM params p JOIN runs r ON r.no = p.run ORDER BY 1, 2").fetchall(),
        "runs": connection.execute("SELECT run_id, experiment, name, status, deleted, artifact_uri FROM runs ORDER BY 1").fetchall(),
        "items": connection.execute("SELECT kind, source_id, done, points, files_done FROM import_items ORDER BY 1, 2").fetchall(),
        "artifacts": connection.execute("SELECT path, digest FROM artifacts ORDER BY 1").fetchall(),
    }  # fmt: skip


def test_killed_at_random_instants(run, mlean, env, tmp_path):
    source = unpack("3.17-database", tmp_path / "old")
    grow(tmp_path / "old/mlflow.db", 40, 4000)
    for name in ("quiet", "killed"):
        (tmp_path / name).mkdir()
    begin = time.monotonic()
    migrate(run, tmp_path / "quiet", source)
    span = time.monotonic() - begin
    rng = random.Random(11)
    kills = 0
    for _ in range(40):
        process = subprocess.Popen([str(mlean), "migrate", "mlflow", source], cwd=tmp_path / "killed", env=env, stdout=subprocess.DEVNULL)
        try:
            process.wait(rng.uniform(0.02, 0.25) * span)  # each time less is left to do
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    assert kills > 3
    assert migrate(run, tmp_path / "killed", source)["complete"]
    assert rows_of(tmp_path / "killed") == rows_of(tmp_path / "quiet")


def test_export_and_back(run, place, tmp_path, server):
    migrate(run, place, unpack("3.17-folder", tmp_path / "old"))
    run("export", "mlflow", tmp_path / "out", cwd=place)
    assert "there already" in run("export", "mlflow", tmp_path / "out", cwd=place, check=1).stderr
    (tmp_path / "back").mkdir()
    report = migrate(run, tmp_path / "back", f"sqlite:///{tmp_path}/out/mlflow.db")
    assert report["complete"]
    there, back = rows_of(place), rows_of(tmp_path / "back")
    for what in ("params", "runs", "artifacts"):
        assert back[what] == there[what]


class Tracking:
    def __init__(self, live):
        self.live = live
        self.experiment = self.post("experiments/create", name="e")["experiment_id"]

    def post(self, path, **body):
        reply = self.live.post(f"{API}/{path}", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def run(self, **files):
        run_id = self.post("runs/create", experiment_id=self.experiment)["run"]["info"]["run_id"]
        points = [{"key": "m", "value": i, "timestamp": T0 + i, "step": i} for i in range(900)]
        self.post("runs/log-batch", run_id=run_id, metrics=points, params=[{"key": "p", "value": "1"}])
        for name, text in files.items():
            url = f"{self.live.url}/api/2.0/mlflow-artifacts/artifacts/{self.experiment}/{run_id}/artifacts/{name}"
            requests.put(url, data=text).raise_for_status()
        return run_id


def blobs(root):
    return sorted(path.name for path in (root / ".mlean/artifacts/blobs").rglob("*") if path.is_file())


def test_gc(run, place, server):
    with server(place) as live:
        tracking = Tracking(live)
        shared, alone = b"shared", b"alone" * 1000
        gone = tracking.run(a=shared, b=alone)
        stays = tracking.run(a=shared)
        needed = tracking.run(model=b"of a version")
        tracking.post("registered-models/create", name="m")
        tracking.post("model-versions/create", name="m", run_id=needed, source=f"mlflow-artifacts:/{tracking.experiment}/{needed}/artifacts")
        for run_id in (gone, needed):
            tracking.post("runs/delete", run_id=run_id)
        assert len(blobs(place)) == 3
        assert "would be deleted for good: 0 runs" in run("runs", "gc", "--older-than", "1d", "--dry", cwd=place).stdout
        dry = json.loads(run("runs", "gc", "--dry", "--json", cwd=place).stdout)
        assert (dry["run_ids"], dry["blobs"], dry["bytes"]) == ([gone], 1, 5000)
        assert len(blobs(place)) == 3
        assert "it is active" in run("runs", "gc", "--run-ids", stays, cwd=place, check=1).stderr
        told = run("runs", "gc", "--run-ids", needed, cwd=place, check=3).stdout
        assert f"kept run '{needed}': model 'm' version 1 refers to it" in told
        done = live.post("/api/mlean/v1/runs/gc", json={"older_than": "0s"}).json()
        assert (done["run_ids"], done["blobs"], done["bytes"]) == ([gone], 1, 5000)
        assert live.get(f"{API}/runs/get?run_id={gone}").status_code == 404
        assert live.get(f"/get-artifact?run_uuid={stays}&path=a").content == shared
        assert live.get(f"{API}/runs/get?run_id={needed}").status_code == 200
        tracking.post("experiments/delete", experiment_id=tracking.experiment)
        left = json.loads(run("runs", "gc", "--json", cwd=place).stdout)
        assert left["run_ids"] == [stays] and left["experiments"] == 0  # the version's run is in it
        assert requests.delete(f"{live.url}{API}/registered-models/delete", json={"name": "m"}).status_code == 200
        last = json.loads(run("runs", "gc", "--json", cwd=place).stdout)
        assert last["run_ids"] == [needed] and last["experiment_ids"] == [tracking.experiment]
        assert blobs(place) == []
        assert "runs/" + gone in run("audit", "log", cwd=place).stdout
    connection = sqlite3.connect(place / ".mlean/mlean.db")
    for table in ("metrics", "latest_metrics", "params", "run_tags", "removed_runs", "artifacts", "unused_blobs"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


def test_gc_killed_at_random_instants(run, mlean, env, tmp_path, server):
    place = tmp_path / "root"
    place.mkdir()
    migrate(run, place, unpack("3.17-database", tmp_path / "old"))
    (tmp_path / "more").mkdir()
    source = unpack("2.22-database", tmp_path / "more")
    grow(tmp_path / "more/mlflow.db", 30, 3000)
    sqlite3.connect(tmp_path / "more/mlflow.db").execute("UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = 5").connection.commit()
    migrate(run, place, source, "--prefix", "x-")
    before = rows_of(place)
    rng = random.Random(3)
    for _ in range(40):
        process = subprocess.Popen([str(mlean), "runs", "gc"], cwd=place, env=env, stdout=subprocess.DEVNULL)
        try:
            process.wait(rng.uniform(0.005, 0.06))
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    run("runs", "gc", cwd=place)
    after = rows_of(place)
    kept = {one[0] for one in after["runs"]}
    assert {one[0] for one in before["runs"] if not one[4]} <= kept
    for what in ("metrics", "latest", "params"):
        assert after[what] == [one for one in before[what] if one[0] in kept]
    connection = sqlite3.connect(place / ".mlean/mlean.db")
    named = {digest for (digest,) in connection.execute("SELECT digest FROM artifacts")}
    assert named == set(blobs(place))
    assert connection.execute("SELECT count(*) FROM metrics WHERE run NOT IN (SELECT no FROM runs)").fetchone() == (0,)
    # A migration that is run again brings nothing back that was deleted for good here.
    assert migrate(run, place, source)["complete"]
    assert {one[0] for one in rows_of(place)["runs"]} == kept


def test_a_server_removes_what_uploads_have_left(place, server):
    uploads = place / ".mlean/artifacts/uploads"
    uploads.mkdir(parents=True)
    (uploads / "body-x1y2z3").write_bytes(b"half of it")
    with server(place) as live:
        assert list(uploads.iterdir()) == []
        tracking = Tracking(live)
        assert live.get(f"/get-artifact?run_uuid={tracking.run(big=b'x' * 3_000_000)}&path=big").content == b"x" * 3_000_000


def test_gc_beside_uploads(run, place, server):
    """Few contents under many names, put and deleted all the time: no name ever loses its content."""
    with server(place) as live:
        tracking = Tracking(live)
        contents = [bytes([65 + i]) * (100 + 100_000 * i) for i in range(4)]
        stop = threading.Event()
        wrong = []

        def work(seed):
            rng = random.Random(seed)
            session = requests.Session()
            while not stop.is_set():
                url = f"{live.url}/api/2.0/mlflow-artifacts/artifacts/{tracking.experiment}/x{seed}/artifacts/f{rng.randrange(3)}"
                content = rng.choice(contents)
                answers = [session.put(url, data=content).status_code, session.get(url).content == content]
                answers.append(session.delete(url).status_code if rng.random() < 0.7 else 200)
                if answers != [200, True, 200]:
                    wrong.append(answers)

        workers = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
        for worker in workers:
            worker.start()
        for _ in range(15):
            run_id = tracking.run(a=contents[0], b=contents[1])
            tracking.post("runs/delete", run_id=run_id)
            run("runs", "gc", cwd=place)
        stop.set()
        for worker in workers:
            worker.join()
        assert wrong == []
        run("runs", "gc", cwd=place)
    connection = sqlite3.connect(place / ".mlean/mlean.db")
    assert {digest for (digest,) in connection.execute("SELECT digest FROM artifacts")} == set(blobs(place))


class EmptyMlflow(http.server.BaseHTTPRequestHandler):
    """A server with nothing in it, behind a password."""

    seen = []

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        EmptyMlflow.seen.append(self.headers.get("Authorization"))
        self.send_response(200 if self.headers.get("Authorization") else 401)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}" if self.headers.get("Authorization") else b"You are not authenticated.")

    do_GET = do_POST = answer

    def log_message(self, *args):
        pass


def test_signs_in_as_the_client_does(run, place, env):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyMlflow) as there:
        threading.Thread(target=there.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{there.server_port}"
        refused = run("migrate", "mlflow", url, cwd=place, check=6)
        assert "401 You are not authenticated" in refused.stderr and "MLFLOW_TRACKING_USERNAME" in refused.stderr
        env["MLFLOW_TRACKING_TOKEN"] = "a-token"
        assert migrate(run, place, url)["complete"]
        assert EmptyMlflow.seen[-1] == "Bearer a-token"
        env |= {"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "p:w"}
        assert migrate(run, place, url)["complete"]
        assert EmptyMlflow.seen[-1] == "Basic " + base64.b64encode(b"ann:p:w").decode()
        there.shutdown()


def test_trusts_whom_the_client_trusts(run, place, env, tmp_path):
    authority, certificate, key = make_certificate(tmp_path)
    there = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyMlflow)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    there.socket = context.wrap_socket(there.socket, server_side=True)
    threading.Thread(target=there.serve_forever, daemon=True).start()
    url = f"https://127.0.0.1:{there.server_port}"
    env["MLFLOW_TRACKING_TOKEN"] = "a-token"
    assert "certificate" in run("migrate", "mlflow", url, cwd=place, check=6).stderr
    env["MLFLOW_TRACKING_SERVER_CERT_PATH"] = str(authority)
    assert migrate(run, place, url)["complete"]
    del env["MLFLOW_TRACKING_SERVER_CERT_PATH"]
    env["MLFLOW_TRACKING_INSECURE_TLS"] = "true"
    assert migrate(run, place, url)["complete"]
    there.shutdown()
    there.server_close()
