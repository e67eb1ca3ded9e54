"""--artifacts-destination with a folder: files lie in it under their own paths, as mlflow server keeps them."""

import contextlib
import hashlib
import json
import os
import pathlib
import random
import resource
import signal
import socket
import subprocess
import threading

import projects
import pytest
import requests
from conftest import start_server

API = "/api/2.0/mlflow/"
ROUTE = "/api/2.0/mlflow-artifacts/artifacts/"
MIB = 1 << 20


class Project:
    def __init__(self, mlean, env, folder):
        self.mlean, self.env = mlean, env
        self.root, self.place, self.log = folder / "root", folder / "kept", folder / "stderr"
        self.root.mkdir()

    def server(self, *args, where=None, **options):
        where = str(self.place) if where is None else where
        return start_server(self.mlean, self.env, self.log, self.root, *(["--artifacts-destination", where] if where else []), *args, **options)

    def run(self, *args, check=0):
        done = subprocess.run([str(self.mlean), *map(str, args)], cwd=self.root, env=self.env, capture_output=True, text=True, timeout=120)
        assert check is None or done.returncode == check, done.stdout + done.stderr
        return done

    def files(self):
        """path -> bytes of what clients have put there."""
        found = [path for path in self.place.rglob("*") if path.is_file() and not path.relative_to(self.place).parts[0].startswith(".mlean-")]
        return {str(path.relative_to(self.place)): path.read_bytes() for path in found}

    def under_way(self):
        return [path for path in self.place.glob(".mlean-*/*/**/*") if path.is_file()]


@pytest.fixture
def project(mlean, env, tmp_path):
    return Project(mlean, env, tmp_path)


def put(live, path, data, **options):
    return requests.put(live.url + ROUTE + path, data=data, timeout=60, **options)


def get(live, path, **options):
    return requests.get(live.url + ROUTE + path, timeout=60, **options)


def listed(live, path):
    return [(one["path"], one["is_dir"], one.get("file_size")) for one in live.get(ROUTE, params={"path": path}).json().get("files", [])]


def new_run(live):
    return live.post(API + "runs/create", json={"experiment_id": "0"}).json()["run"]["info"]


@pytest.mark.parametrize("spelling", ["{place}", "{place}/", "file://{place}", "../kept"])
def test_files_lie_under_their_paths(project, spelling):
    with project.server(where=spelling.format(place=project.place)) as live:
        info = new_run(live)
        assert info["artifact_uri"] == f"mlflow-artifacts:/0/{info['run_id']}/artifacts"
        base = f"0/{info['run_id']}/artifacts"
        sent = {f"{base}/a.txt": b"a", f"{base}/deep/er/b c.bin": os.urandom(3 * MIB), f"{base}/empty": b"", f"{base}/deep/ä": b"\xff" * 300_000}
        for path, data in sent.items():
            assert put(live, path, data).status_code == 200
        assert project.files() == sent
        for path, data in sent.items():
            assert get(live, path).content == data
        assert all(oct(path.stat().st_mode)[-3:] == "644" for path in project.place.glob("0/*/artifacts/**/*") if path.is_file())
        part = get(live, f"{base}/deep/er/b c.bin", headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, sent[f"{base}/deep/er/b c.bin"][100:200])
        assert listed(live, base) == [("a.txt", False, 1), ("deep", True, None), ("empty", False, None)]
        assert live.get(API + "artifacts/list", params={"run_id": info["run_id"], "path": "deep"}).json()["files"] == [
            {"path": "deep/er", "is_dir": True}, {"path": "deep/ä", "is_dir": False, "file_size": 300_000}]  # fmt: skip
        assert live.get("/get-artifact", params={"run_id": info["run_id"], "path": "a.txt"}).content == b"a"
        assert listed(live, "") == [("0", True, None)], "what is ours is not shown"
        tag = get(live, f"{base}/a.txt").headers["ETag"]
        assert get(live, f"{base}/a.txt", headers={"If-None-Match": tag}).status_code == 304
        assert put(live, f"{base}/a.txt", b"changed").status_code == 200
        assert get(live, f"{base}/a.txt", headers={"If-None-Match": tag}).content == b"changed"
        for path in (f"{base}/deep", f"{base}/a.txt/b", base):
            refused = put(live, path, b"x")
            assert (refused.status_code, "is in the way" in refused.text) == (400, True), refused.text
        assert requests.delete(live.url + ROUTE + f"{base}/deep", timeout=30).status_code == 200
        assert get(live, f"{base}/deep/ä").status_code == 404 and sorted(project.files()) == [f"{base}/a.txt", f"{base}/empty"]
        assert requests.delete(live.url + ROUTE + f"{base}/deep", timeout=30).status_code == 200
        upload = live.post("/ajax-api/2.0/mlflow/upload-artifact", params={"run_uuid": info["run_id"], "path": "up.bin"}, data=b"u" * (5 * MIB))
        assert upload.status_code == 200 and project.files()[f"{base}/up.bin"] == b"u" * (5 * MIB)
        assert project.under_way() == []
    with project.server(where="") as live:  # it is said once
        assert get(live, f"{base}/a.txt").content == b"changed"
        assert not list((project.root / ".mlean/artifacts").rglob("??/*"))


def test_what_lies_there_already_is_served(project):
    old = project.place / "3/0123456789abcdef0123456789abcdef/artifacts/model"
    old.mkdir(parents=True)
    (old / "MLmodel").write_text("flavors: {}")
    (project.place / "3/stray.txt").write_bytes(b"by hand")
    with project.server() as live:
        assert get(live, "3/0123456789abcdef0123456789abcdef/artifacts/model/MLmodel").text == "flavors: {}"
        assert listed(live, "3") == [("0123456789abcdef0123456789abcdef", True, None), ("stray.txt", False, 7)]
        (old / "later").write_text("beside the server")
        assert get(live, "3/0123456789abcdef0123456789abcdef/artifacts/model/later").text == "beside the server"


def test_uploads_in_parts(project):
    with project.server() as live:
        base = f"0/{new_run(live)['run_id']}/artifacts"
        parts = [os.urandom(2 * MIB), os.urandom(MIB)]
        made = live.post(f"/api/2.0/mlflow-artifacts/mpu/create/{base}", json={"path": "x/big", "num_parts": 2}).json()
        sent = []
        for credential, data in zip(made["credentials"], parts):
            reply = requests.put(credential["url"], data=data, timeout=30)
            sent.append({"part_number": credential["part_number"], "etag": reply.headers["ETag"], "url": credential["url"]})
        assert project.files() == {}, "nothing is there before it is whole"
        body = {"path": "x/big", "upload_id": made["upload_id"], "parts": sent}
        assert live.post(f"/api/2.0/mlflow-artifacts/mpu/complete/{base}", json=body).status_code == 200
        assert project.files() == {f"{base}/big": b"".join(parts)} and project.under_way() == []
        signed = live.get(f"/api/2.0/mlflow-artifacts/presigned/{base}/big").json()
        assert signed["file_size"] == 3 * MIB and requests.get(signed["url"], timeout=30).content == b"".join(parts)
        assert live.get(f"/api/2.0/mlflow-artifacts/presigned/{base}/none").status_code == 404


@pytest.mark.parametrize("path", ["../x", "%2e%2e/x", "a/../../x", "%2fetc/passwd", "a%2f..%2f..%2fx", "..%5cx", "%252e%252e/x", "a\\..\\x", "a%00b"])
def test_no_path_leads_out(project, path):
    with project.server() as live, socket.create_connection(live.url.removeprefix("http://").split(":"), timeout=30) as link:
        for verb in (b"PUT", b"GET", b"DELETE"):
            link.sendall(verb + f" {ROUTE}{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx".encode())
            assert int(link.recv(65536).split()[1]) in (400, 404)
    assert sorted(one.name for one in project.root.parent.iterdir() if one.name != "stderr") == ["kept", "root"] and project.files() == {}


@pytest.mark.parametrize("location", ["mlflow-artifacts:/../outside", "mlflow-artifacts:/a/../../outside", "mlflow-artifacts:/%2e%2e/outside"])
def test_no_place_of_an_experiment_leads_out(project, tmp_path, location):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("not ours")
    with project.server() as live:
        made = live.post(API + "experiments/create", json={"name": "e", "artifact_location": location})
        if made.status_code == 200:
            info = live.post(API + "runs/create", json={"experiment_id": made.json()["experiment_id"]}).json()["run"]["info"]
            for path in ("secret", "../../secret", "x"):
                assert live.get("/get-artifact", params={"run_id": info["run_id"], "path": path}).status_code in (400, 404)
                sent = live.post("/ajax-api/2.0/mlflow/upload-artifact", params={"run_uuid": info["run_id"], "path": path}, data=b"x")
                assert sent.status_code == 400
            live.post(API + "runs/delete", json={"run_id": info["run_id"]})
            assert live.post("/api/mlean/v1/runs/gc", json={"older_than": "0s"}).status_code == 200
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["secret"] and project.files() == {}


def test_what_is_ours_is_nobodys(project):
    with project.server() as live:
        (ours,) = project.place.glob(".mlean-*")
        for path in (f"{ours.name}/here", f"{ours.name}/uploads/x", ".mlean-else", f"./{ours.name}/here", f"%2emlean{ours.name[6:]}/here"):
            assert put(live, path, b"x").status_code == 400
            assert get(live, path).status_code == 404
            assert requests.delete(live.url + ROUTE + path, timeout=30).status_code == 200
        assert listed(live, ours.name) == [] and (ours / "here").exists()
        assert put(live, f"0/{ours.name}/x", b"x").status_code == 200, "only at the top"


def test_no_link_leads_out(project, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("not ours")
    with project.server() as live:
        folder = project.place / "0/run/artifacts"
        folder.mkdir(parents=True)
        (folder / "link").symlink_to(outside)
        (folder / "file").symlink_to(outside / "secret")
        (project.place / "1").symlink_to(outside)
        os.mkfifo(folder / "pipe")
        base = "0/run/artifacts"
        assert listed(live, base) == [] and listed(live, f"{base}/link") == [] and listed(live, "") == [("0", True, None)]
        for path in (f"{base}/link/secret", f"{base}/file", f"{base}/pipe", f"{base}/link", "1/secret"):
            assert get(live, path).status_code == 404
        for path in (f"{base}/link/new", f"{base}/file", f"{base}/pipe", "1/new"):
            assert put(live, path, b"x").status_code == 400
            assert put(live, path, b"x" * MIB).status_code == 400
            assert requests.delete(live.url + ROUTE + path, timeout=30).status_code == 200
        assert requests.delete(live.url + ROUTE + "0/run", timeout=30).status_code == 200
        assert not (project.place / "0/run").exists()
        assert (outside / "secret").read_text() == "not ours" and [path.name for path in outside.iterdir()] == ["secret"]
        assert project.under_way() == []


def test_a_killed_upload_is_not_there(project):
    chance = random.Random(5)
    for _ in range(6):
        with project.server() as live:
            data, stop = os.urandom(4 * MIB), threading.Event()

            def slowly():
                for at in range(0, len(data), 65536):
                    yield data[at : at + 65536]
                    stop.wait(0.001)

            def send():
                with contextlib.suppress(requests.RequestException):
                    put(live, "0/run/artifacts/large", slowly())

            sender = threading.Thread(target=send)
            sender.start()
            stop.wait(chance.random() * 0.1)  # the instant of the kill
            live.kill()
            stop.set()
            sender.join()
        assert project.files() in ({}, {"0/run/artifacts/large": data})
        (project.place / "0/run/artifacts/large").unlink(missing_ok=True)
    with project.server():
        assert project.under_way() == []


def test_a_full_disk(project):
    def ignore():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails instead

    with project.server(preexec_fn=ignore, restore_signals=False) as live:
        assert put(live, "0/kept", b"kept").status_code == 200
        resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        for size in (1000, 3 * MIB):
            reply = put(live, "0/lost", b"x" * size)
            assert (reply.status_code, reply.json()["error_code"]) == (507, "IO_ERROR"), reply.text
        assert get(live, "0/kept").content == b"kept" and project.files() == {"0/kept": b"kept"} and project.under_way() == []
        resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert put(live, "0/lost", b"x" * 3 * MIB).status_code == 200


def test_what_was_on_the_disk_moves_in(project):
    with project.server(where="") as live:
        base = f"0/{new_run(live)['run_id']}/artifacts"
        for name in ("a", "b/c"):
            assert put(live, f"{base}/{name}", b"same").status_code == 200
        assert put(live, f"{base}/big", b"z" * MIB).status_code == 200
    other = project.place / base / "a"
    other.parent.mkdir(parents=True)
    other.write_text("another")
    refused = project.run("server", "--root", project.root, "--port", "0", "--artifacts-destination", project.place, check=5)
    assert "another one is there" in refused.stderr and f"fix: mv {other}" in refused.stderr
    other.write_text("same")
    with project.server() as live:
        assert project.files() == {f"{base}/a": b"same", f"{base}/b/c": b"same", f"{base}/big": b"z" * MIB}
        assert get(live, f"{base}/big").content == b"z" * MIB
        assert [path for path in (project.root / ".mlean/artifacts/blobs").rglob("*") if path.is_file()] == []


def test_the_place_stays(project, tmp_path):
    with project.server() as live:
        assert put(live, "0/a", b"a").status_code == 200

    def refused(where, check):
        return project.run("server", "--root", project.root, "--port", "0", *(["--artifacts-destination", where] if where else []), check=check).stderr

    assert f"this project's are in '{project.place}'" in refused(tmp_path / "other", 5)
    assert "this project's are in" in refused("s3://bucket/x", 5)
    assert "cannot keep artifacts in 'gs://b/x'" in refused("gs://b/x", 2)
    moved = tmp_path / "moved"
    project.place.rename(moved)
    assert "does not hold the artifacts of this project" in refused("", 5)
    project.place.mkdir()  # a mount point without its disk
    assert "a disk may not be mounted" in refused("", 5)
    project.place.rmdir()
    with project.server(where=str(moved)) as live:
        assert get(live, "0/a").content == b"a"
        moved.rename(project.place)  # gone while it runs: 503, clients try again
        assert get(live, "0/a").status_code == 503 and put(live, "0/b", b"b").status_code == 503
        with contextlib.suppress(requests.ConnectionError):
            assert put(live, "0/b", b"b" * MIB).status_code == 503
        assert not moved.exists(), "nothing is written beside the mount point"
        project.place.rename(moved)
        assert put(live, "0/b", b"b").status_code == 200


@pytest.mark.parametrize("where, said", [(".", "must not lie in it"), (".mlean/x", "must not lie in it"), ("no/where", "no folder '"), ("file", "it is no folder")])
def test_places_that_cannot_be(project, where, said):
    (project.root / "file").write_text("")
    (project.root / ".mlean").mkdir()
    done = project.run("server", "--root", project.root, "--port", "0", "--artifacts-destination", where, check=None)
    assert done.returncode in (2, 4) and said in done.stderr, done.stderr


def test_gc_and_export(project, tmp_path):
    with project.server() as live:
        kept, gone = new_run(live)["run_id"], new_run(live)["run_id"]
        for run in (kept, gone):
            assert put(live, f"0/{run}/artifacts/sub/f", b"12345").status_code == 200
        live.post(API + "runs/delete", json={"run_id": gone})
        dry = live.post("/api/mlean/v1/runs/gc", json={"older_than": "0s", "dry_run": True}).json()
        assert (dry["blobs"], dry["bytes"]) == (1, 5) and len(project.files()) == 2
        done = live.post("/api/mlean/v1/runs/gc", json={"older_than": "0s"}).json()
        assert (done["blobs"], done["bytes"], done["run_ids"]) == (1, 5, [gone])
        assert list(project.files()) == [f"0/{kept}/artifacts/sub/f"] and not (project.place / "0" / gone).exists()
        (project.place / "stray").write_text("the team's")
    assert "stray" in project.files() and json.loads(project.run("runs", "gc", "--json").stdout)["blobs"] == 0
    assert "stray" in project.files()
    project.run("export", "mlflow", tmp_path / "out")
    assert (tmp_path / f"out/mlartifacts/0/{kept}/artifacts/sub/f").read_bytes() == b"12345"
    assert not list((tmp_path / "out/mlartifacts").glob(".mlean-*"))


def test_the_loop_and_a_tracked_command(mlean, env, tmp_path):
    project = Project.__new__(Project)
    project.mlean, project.env, project.place, project.log = mlean, env, tmp_path / "kept", tmp_path / "stderr"
    project.root = projects.make(tmp_path)
    with project.server():
        pass
    project.run("loop", "run")
    turn = [path for path in project.files() if path.endswith("model/MLmodel")]
    assert len(turn) == 1
    project.run("runs", "log", "--", "sh", "-c", "echo said")
    assert any(b"said" in data for data in project.files().values())
    with project.server(where="") as live:
        assert get(live, turn[0]).text.startswith("artifact_path: model")
        assert hashlib.sha256(get(live, turn[0]).content).hexdigest() == hashlib.sha256(project.files()[turn[0]]).hexdigest()


def test_another_file_system(project, tmp_path):
    """What is made elsewhere, such as the files of a turn, gets there all the same."""
    shm = pathlib.Path("/dev/shm")
    if not shm.is_dir() or os.stat(shm).st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("there is no other file system")
    project.place = shm / f"mlean-{os.getpid()}"
    try:
        with project.server(where="") as live:
            assert put(live, "0/moved", b"m" * MIB).status_code == 200
        with project.server() as live:
            assert project.files() == {"0/moved": b"m" * MIB}
            assert put(live, "0/new", b"n" * MIB).status_code == 200 and get(live, "0/new").content == b"n" * MIB
        project.run("runs", "log", "--", "sh", "-c", "echo said")
        assert any(b"said" in data for data in project.files().values()) and project.under_way() == []
    finally:
        subprocess.run(["rm", "-rf", str(project.place)], check=True)
