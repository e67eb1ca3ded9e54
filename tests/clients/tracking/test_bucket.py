"""Artifacts in a bucket: mlean server --artifacts-destination s3://…, with versitygw as the bucket and MLflow's client."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import threading
import time

import mlflow
import projects
import pytest
import requests
from conftest import TOP, start_server, user_env

from . import random_store

sys.path.append(str(TOP / "tests/remotes"))
import servers  # noqa: E402

ROUTE = "/api/2.0/mlflow-artifacts/artifacts/"
MEMORY_MIB = 64  # more than before at most, while hundreds of MiB go through


@pytest.fixture
def s3(tmp_path):
    (tmp_path / "s3").mkdir()
    try:
        server = servers.S3(tmp_path / "s3").start()
    except servers.Missing as why:
        (pytest.fail if os.environ.get("MLEAN_CONFORMANCE") else pytest.skip)(str(why))
    yield server
    server.stop()


class Project:
    def __init__(self, mlean, s3, folder):
        self.mlean, self.s3, self.root = mlean, s3, folder / "root"
        self.root.mkdir(parents=True)
        (folder / "home").mkdir()
        self.env = user_env(mlean, folder / "home") | {
            "AWS_ACCESS_KEY_ID": s3.key, "AWS_SECRET_ACCESS_KEY": s3.secret, "AWS_ENDPOINT_URL_S3": s3.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true"}  # fmt: skip
        self.log = folder / "stderr"

    def server(self, *args, prefix="store"):
        where = ("--artifacts-destination", self.s3.url(prefix)) if prefix else ()
        return start_server(self.mlean, self.env, self.log, self.root, *where, *args)

    def run(self, *args, check=0):
        done = subprocess.run([str(self.mlean), *args], cwd=self.root, env=self.env, capture_output=True, text=True, timeout=120)
        assert check is None or done.returncode == check, done.stdout + done.stderr
        return done

    def objects(self, prefix="store"):
        """digest -> bytes of what is in the bucket; each must be under its own name."""
        found = {}
        for path in (self.s3.folder / prefix).glob("??/*"):
            if len(path.name) == 64:
                found[path.name] = path.stat().st_size
                assert path.parent.name == path.name[:2]
        return found

    def cached(self):
        return {path.name for path in (self.root / ".mlean/artifacts/blobs").rglob("*") if path.is_file()}

    def forget_cache(self):
        for path in (self.root / ".mlean/artifacts/blobs").rglob("*"):
            if path.is_file():
                path.unlink()

    def under_way(self):
        return [path for path in (self.root / ".mlean/artifacts/uploads").rglob("*") if path.is_file()]


@pytest.fixture
def project(mlean, s3, tmp_path):
    return Project(mlean, s3, tmp_path / "project")


def put(live, path, content):
    return requests.put(live.url + ROUTE + path, data=content, timeout=60)


def get(live, path, **headers):
    return requests.get(live.url + ROUTE + path, headers=headers, timeout=60)


def digest(content):
    return hashlib.sha256(content).hexdigest()


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # between two questions


def test_a_client_logs_lists_and_loads(project, tmp_path):
    from sklearn.linear_model import LinearRegression

    folder = tmp_path / "files"
    (folder / "sub").mkdir(parents=True)
    contents = {"a.txt": b"a", "sub/same": b"equal" * 1000, "sub/twice": b"equal" * 1000, "large.bin": random.Random(1).randbytes(3_000_000)}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    with project.server() as live:
        mlflow.set_tracking_uri(live.url)
        with mlflow.start_run(experiment_id="0") as run:
            mlflow.log_artifacts(str(folder), "data")
            model = mlflow.sklearn.log_model(LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), "model")  # 2.x: artifact_path, 3.x: name
        client = mlflow.MlflowClient()
        assert {entry.path for entry in client.list_artifacts(run.info.run_id, "data")} == {"data/a.txt", "data/sub", "data/large.bin"}
        assert {digest(content) for content in contents.values()} <= set(project.objects())
        for cold in (False, True):
            if cold:
                project.forget_cache()
            back = pathlib.Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="data", dst_path=str(tmp_path / f"{cold}")))
            assert {name: (back / name).read_bytes() for name in contents} == contents
            assert mlflow.sklearn.load_model(model.model_uri).predict([[2.0]])[0] == pytest.approx(4.0)
    # Without the option it is where it was.
    with project.server(prefix=None) as live:
        assert put(live, "0/x/artifacts/later", b"later").status_code == 200
        assert digest(b"later") in project.objects()


def test_ranges_and_head_of_what_is_not_at_hand(project):
    content = random.Random(2).randbytes(1_000_000)
    with project.server() as live:
        assert put(live, "0/x/artifacts/f.bin", content).status_code == 200
        project.forget_cache()
        part = get(live, "0/x/artifacts/f.bin", Range="bytes=999000-")
        assert part.status_code == 206 and part.content == content[999000:]
        assert part.headers["Content-Range"] == "bytes 999000-999999/1000000"
        project.forget_cache()
        head = requests.head(live.url + ROUTE + "0/x/artifacts/f.bin", timeout=60)
        assert head.status_code == 200 and head.headers["Content-Length"] == "1000000"
        assert get(live, "0/x/artifacts/none").status_code == 404


def test_many_ask_for_the_same_at_once(project):
    content = random.Random(3).randbytes(20_000_000)
    with project.server() as live:
        assert put(live, "0/x/artifacts/f.bin", content).status_code == 200
        project.forget_cache()
        got = []
        threads = [threading.Thread(target=lambda: got.append(get(live, "0/x/artifacts/f.bin").content == content)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert got == [True] * 12
        assert project.under_way() == []


def test_equal_content_is_there_once_and_goes_with_its_last_name(project):
    with project.server() as live:
        for name in ("a", "b"):
            assert put(live, f"0/x/artifacts/{name}", b"same").status_code == 200
        assert list(project.objects()) == [digest(b"same")]
        assert requests.delete(live.url + ROUTE + "0/x/artifacts/a", timeout=60).status_code == 200
        assert list(project.objects()) == [digest(b"same")]
        assert put(live, "0/x/artifacts/b", b"other").status_code == 200
        assert list(project.objects()) == [digest(b"other")] == list(project.cached())
        assert put(live, "0/x/artifacts/b", b"same").status_code == 200  # again, after it went
        project.forget_cache()
        assert get(live, "0/x/artifacts/b").content == b"same"


def test_gc_of_runs_takes_their_objects_and_orphans(project):
    with project.server() as live:
        mlflow.set_tracking_uri(live.url)  # a 2.x client asks there for files, whatever it was made with
        client = mlflow.MlflowClient()
        gone, kept = client.create_run("0").info, client.create_run("0").info
        client.log_text(gone.run_id, "only of the one that goes", "own.txt")
        for run in (gone, kept):
            client.log_text(run.run_id, "of both", "both.txt")
        client.delete_run(gone.run_id)
        orphan = project.s3.folder / "store" / digest(b"orphan")[:2] / digest(b"orphan")
        orphan.parent.mkdir(parents=True, exist_ok=True)
        orphan.write_bytes(b"orphan")
        assert len(project.objects()) == 3
        report = project.run("runs", "gc").stdout
        assert list(project.objects()) == [digest(b"of both")], report
        assert client.list_artifacts(kept.run_id)[0].path == "both.txt"


def test_parts_become_one_object(project, tmp_path, monkeypatch):
    for name, value in {"MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true", "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "5000000",
                        "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": "5242880"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    large = tmp_path / "large.bin"
    large.write_bytes(random.Random(7).randbytes(12_345_678))
    with project.server() as live:
        mlflow.set_tracking_uri(live.url)
        with mlflow.start_run(experiment_id="0") as run:
            mlflow.log_artifact(str(large))
        assert project.objects() == {digest(large.read_bytes()): 12_345_678}
        assert project.under_way() == []
        project.forget_cache()
        back = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="large.bin", dst_path=str(tmp_path / "back"))
        assert pathlib.Path(back).read_bytes() == large.read_bytes()


def memory(process, name):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) // 1024
    raise AssertionError(name)


def test_memory_stays_flat(project):
    size = 300 << 20
    block = random.Random(4).randbytes(1 << 20)
    with project.server() as live:
        assert put(live, "0/x/artifacts/warm", b"warm").status_code == 200
        before = memory(live.process, "VmRSS")
        answer = requests.put(live.url + ROUTE + "0/x/artifacts/f", data=Repeated(block, size), timeout=120)
        assert answer.status_code == 200
        project.forget_cache()
        with requests.get(live.url + ROUTE + "0/x/artifacts/f", stream=True, timeout=120) as back:
            assert sum(len(piece) for piece in back.iter_content(1 << 20)) == size
        assert memory(live.process, "VmHWM") < before + MEMORY_MIB


class Repeated:
    """A body of `size` bytes that is made as it is read."""

    def __init__(self, block, size):
        self.block, self.left = block, size

    def __len__(self):
        return self.left

    def read(self, count=-1):
        count = min(self.left, len(self.block)) if count < 0 else min(count, self.left, len(self.block))
        self.left -= count
        return self.block[:count]


def test_the_cache_has_a_bound(project):
    with project.server("--artifacts-cache", "0") as live:
        for number in range(3):
            assert put(live, f"0/x/artifacts/{number}", bytes([number])).status_code == 200
        for path in (project.root / ".mlean/artifacts/blobs").rglob("*"):
            if path.is_file():
                os.utime(path, (0, 0))  # not used for long
        assert put(live, "0/x/artifacts/last", b"last").status_code == 200
        until(lambda: project.cached() <= {digest(b"last")})
        assert [get(live, f"0/x/artifacts/{number}").content for number in range(3)] == [b"\0", b"\1", b"\2"]


def test_a_bucket_that_is_gone_is_503_and_nothing_is_written(project):
    with project.server() as live:
        assert put(live, "0/x/artifacts/old", b"old").status_code == 200
        project.forget_cache()
        project.s3.kill()
        for body in (b"small", b"l" * 1_000_000):
            answer = put(live, "0/x/artifacts/new", body)
            assert answer.status_code == 503, answer.text
            assert "cannot use bucket 's3://data/store'" in answer.json()["message"] and "try: check the bucket" in answer.json()["message"]
        assert get(live, "0/x/artifacts/old").status_code == 503
        assert get(live, "").json() == {"files": [{"path": "0", "is_dir": True}]}
        assert get(live, "0/x/artifacts/new").status_code == 404
        assert project.under_way() == []
        # A deletion is done at once; its object goes when the bucket is back.
        assert requests.delete(live.url + ROUTE + "0/x/artifacts/old", timeout=60).status_code == 200
        project.s3.start()
        assert put(live, "0/x/artifacts/new", b"small").status_code == 200
        assert list(project.objects()) == [digest(b"small")]


def test_a_bucket_that_goes_half_way(project):
    content = random.Random(5).randbytes(80 << 20)  # in parts
    with project.server() as live:
        answers = []
        thread = threading.Thread(target=lambda: answers.append(put(live, "0/x/artifacts/f", content)))
        thread.start()
        until(lambda: any(path.is_file() and path.stat().st_size > 1 << 20 for path in project.s3.folder.rglob("*")))
        project.s3.kill()
        thread.join()
        assert answers[0].status_code == 503, answers[0].text
        assert get(live, "0/x/artifacts/f").status_code == 404 and project.under_way() == []
        project.s3.start()
        assert put(live, "0/x/artifacts/f", content).status_code == 200
        project.forget_cache()
        assert get(live, "0/x/artifacts/f").content == content


def test_a_server_killed_in_an_upload(project):
    content = random.Random(6).randbytes(5_000_000)
    with project.server() as live:
        assert put(live, "0/x/artifacts/before", b"before").status_code == 200
        os.killpg(project.s3.process.pid, signal.SIGSTOP)  # the bucket takes its time
        thread = threading.Thread(target=try_put, args=(live, content))
        thread.start()
        until(lambda: any(path.stat().st_size == len(content) for path in project.under_way()))
        live.kill()
        thread.join()
        os.killpg(project.s3.process.pid, signal.SIGCONT)
    with project.server() as live:
        assert get(live, "0/x/artifacts/f").status_code == 404 and get(live, "0/x/artifacts/before").content == b"before"
        assert project.under_way() == []
        assert put(live, "0/x/artifacts/f", content).status_code == 200
        project.forget_cache()
        assert get(live, "0/x/artifacts/f").content == content


def try_put(live, content):
    with contextlib.suppress(requests.RequestException):
        put(live, "0/x/artifacts/f", content)


@contextlib.contextmanager
def locked(project, name, kind):
    """The lock of a content, as another process would hold it."""
    with open(project.root / ".mlean/artifacts/blobs.lock", "r+b") as file:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", kind, os.SEEK_SET, int(name[:15], 16), 1, 0))
        yield


def test_what_somebody_is_putting_there_is_not_swept(project):
    name = digest(b"on its way")
    with project.server() as live:
        assert put(live, "0/x/artifacts/first", b"first").status_code == 200
        # Its object is there, and its row not yet.
        (project.s3.folder / "store" / name[:2]).mkdir(exist_ok=True)
        (project.s3.folder / "store" / name[:2] / name).write_bytes(b"on its way")
        with locked(project, name, fcntl.F_RDLCK):
            project.run("runs", "gc")
            assert name in project.objects()
            assert put(live, "0/x/artifacts/also", b"on its way").status_code == 200
        assert requests.delete(live.url + ROUTE + "0/x/artifacts/also", timeout=60).status_code == 200
        assert name not in project.objects()


def test_an_upload_waits_for_the_sweep_of_the_same_content(project):
    with project.server() as live:
        assert put(live, "0/x/artifacts/first", b"first").status_code == 200
        answers = []
        thread = threading.Thread(target=lambda: answers.append(put(live, "0/x/artifacts/f", b"going").status_code))
        with locked(project, digest(b"going"), fcntl.F_WRLCK):
            thread.start()
            until(lambda: project.under_way())
            assert put(live, "0/x/artifacts/other", b"other").status_code == 200
            assert answers == [] and digest(b"going") not in project.objects()
        thread.join()
        assert answers == [200] and digest(b"going") in project.objects()


def test_verbs_beside_the_server_use_the_bucket(project):
    with project.server():
        pass
    project.run("runs", "log", "--", "echo", "hello from a command")
    assert digest(b"hello from a command\n") in project.objects()
    with project.server(prefix=None) as live:
        project.forget_cache()
        run = mlflow.MlflowClient(live.url).search_runs(["0"])[0].info
        assert get(live, f"0/{run.run_id}/artifacts/logs/stdout.txt").content == b"hello from a command\n"


def test_a_turn_keeps_its_files_in_the_bucket(project, tmp_path):
    import xgboost

    root = projects.make(project.root)
    with project.server():
        pass
    project.run("loop", "run")
    model = (root / "late.ubj").read_bytes()
    assert digest(model) in project.objects()
    with project.server(prefix=None) as live:
        project.forget_cache()
        mlflow.set_tracking_uri(live.url)
        mlflow.set_registry_uri(live.url)
        version = mlflow.MlflowClient().get_model_version_by_alias("late", "champion")
        back = pathlib.Path(mlflow.artifacts.download_artifacts(version.source, dst_path=str(tmp_path / "back")))
        assert (back / "late.ubj").read_bytes() == model
        booster = mlflow.xgboost.load_model("models:/late@champion")
        assert booster.save_raw("ubj") == xgboost.Booster(model_file=root / "late.ubj").save_raw("ubj")
        project.s3.kill()  # what serves does not need the bucket
        row = {"carrier": "AA", "hour": 7, "distance": 500.0}
        assert requests.post(live.url + "/predict/late", json=row, timeout=30).status_code == 200
        project.s3.start()


def test_a_migration_goes_into_the_bucket(project, tmp_path, monkeypatch):
    with project.server():
        pass
    monkeypatch.chdir(tmp_path)
    uri = str(tmp_path / "mlruns")
    random_store.fill(uri, 6)
    project.s3.kill()
    failed = project.run("migrate", "mlflow", uri, check=None)
    assert failed.returncode == 5 and "cannot use bucket 's3://data/store'" in failed.stderr
    project.s3.start()
    project.run("migrate", "mlflow", uri)  # goes on
    project.forget_cache()
    with project.server(prefix=None) as live:
        assert random_store.differences(random_store.read(live.url), random_store.read(uri)) == []


def test_gc_without_the_bucket_is_made_good(project):
    with project.server() as live:
        mlflow.set_tracking_uri(live.url)
        client = mlflow.MlflowClient()
        gone = client.create_run("0").info.run_id
        client.log_text(gone, "goes", "own.txt")
        client.delete_run(gone)
    project.s3.kill()
    failed = project.run("runs", "gc", check=None)
    assert failed.returncode == 5 and "cannot use bucket 's3://data/store'" in failed.stderr
    project.s3.start()
    project.run("runs", "gc")
    assert project.objects() == {} and project.cached() == set()


def test_what_was_on_the_disk_moves_in(project):
    with project.server(prefix=None) as live:
        for number in range(5):
            assert put(live, f"0/x/artifacts/{number}", b"%d" % number).status_code == 200
    with project.server():
        assert set(project.objects()) == {digest(b"%d" % number) for number in range(5)}
        project.forget_cache()
    with project.server() as live:
        assert [get(live, f"0/x/artifacts/{number}").content for number in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
    project.forget_cache()
    project.run("export", "mlflow", str(project.root / "out"))
    assert sorted(path.read_bytes() for path in (project.root / "out").rglob("artifacts/?")) == [b"0", b"1", b"2", b"3", b"4"]


def test_starts_that_are_refused(project, mlean, tmp_path):
    def refused(who, *words, env=None):
        done = subprocess.run([str(mlean), "server", "--listen", "127.0.0.1:0", "--root", str(who.root), *words], env=who.env | (env or {}),
                              capture_output=True, text=True, timeout=60)  # fmt: skip
        assert done.returncode != 0 and done.stdout == ""
        return done.stderr

    url = project.s3.url("store")
    assert "expected s3://BUCKET/PREFIX" in refused(project, "--artifacts-destination", "gs://x")
    assert "403" in refused(project, "--artifacts-destination", url, env={"AWS_SECRET_ACCESS_KEY": "wrong"})
    assert "s3://none/x" in refused(project, "--artifacts-destination", "s3://none/x")
    nowhere = refused(project, "--artifacts-destination", url, env={"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{servers.free_port()}"})
    assert "cannot use bucket 's3://data/store'" in nowhere and "check the bucket" in nowhere
    with project.server():  # refusals leave nothing that would stand in the way
        pass
    other = Project(mlean, project.s3, tmp_path / "other")
    assert "another project keeps its artifacts there" in refused(other, "--artifacts-destination", url)
    assert "this project's are in 's3://data/store'" in refused(project, "--artifacts-destination", project.s3.url("else"))
    (project.s3.folder / "store/mlean-store").unlink()
    assert "does not hold the artifacts of this project" in refused(project)
