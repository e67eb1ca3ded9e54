"""Artifacts of every size on the wire: what is stored is what was sent, under the hash of it, and the connection goes on."""

import hashlib
import os
import pathlib
import socket

import pytest
import requests

ROUTE = "/api/2.0/mlflow-artifacts/artifacts/0/"
KIB = 1024
SIZES = [0, 1, 16 * KIB, 256 * KIB - 1, 256 * KIB + 1, 1024 * KIB, 1024 * KIB + 1, 1280 * KIB, 5 * 1024 * KIB + 7]


def answer(stream):
    status = int(stream.readline().split(b" ")[1])
    length = 0
    while (line := stream.readline().strip()) != b"":
        name, value = line.split(b":", 1)
        length = int(value) if name.lower() == b"content-length" else length
    return status, stream.read(length)


def chunked(data, piece):
    parts = [data[at : at + piece] for at in range(0, len(data), piece)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize("how", ["length", "chunks"])
def test_what_is_stored_is_what_was_sent(server, tmp_path, how):
    with server(tmp_path) as live, socket.create_connection(live.url.removeprefix("http://").split(":"), timeout=30) as link:
        stream = link.makefile("rb")
        for size in SIZES:
            data = os.urandom(size)
            head = f"PUT {ROUTE}{how}{size} HTTP/1.1\r\nHost: localhost\r\n"
            head += f"Content-Length: {size}\r\n\r\n" if how == "length" else "Transfer-Encoding: chunked\r\n\r\n"
            body = data if how == "length" else chunked(data, 100_000)
            # The next request comes right behind the body, in the same bytes.
            link.sendall(head.encode() + body + f"GET {ROUTE}{how}{size} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert answer(stream)[0] == 200, size
            assert answer(stream) == (200, data), size
            digest = hashlib.sha256(data).hexdigest()
            assert (pathlib.Path(live.root) / ".mlean/artifacts/blobs" / digest[:2] / digest).stat().st_size == size


def test_links_in_the_store_lead_nowhere(server, tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "file").write_text("not ours")
    with server(root) as live:
        blobs = root / ".mlean/artifacts/blobs"

        def put(data):
            return requests.put(f"{live.url}{ROUTE}{data.decode()}", data=data, timeout=30).status_code

        def get(data):
            return requests.get(f"{live.url}{ROUTE}{data.decode()}", timeout=30)

        def place(data):
            digest = hashlib.sha256(data).hexdigest()
            return blobs / digest[:2] / digest

        # In the place of a content that is yet to come: it takes the link's place.
        place(b"one").parent.mkdir(parents=True)
        place(b"one").symlink_to(outside / "file")
        assert put(b"one") == 200 and get(b"one").content == b"one"
        # In the place of one that is there.
        assert put(b"two") == 200
        place(b"two").unlink()
        place(b"two").symlink_to(outside / "file")
        assert get(b"two").status_code == 404
        # In the place of a folder.
        place(b"three").parent.symlink_to(outside)
        assert put(b"three") == 400 and get(b"three").status_code == 404
    assert [(path.name, path.read_text()) for path in outside.iterdir()] == [("file", "not ours")]


def test_a_runs_folder_is_no_file(server, tmp_path):
    with server(tmp_path) as live:
        run_id = live.post("/api/2.0/mlflow/runs/create", json={"experiment_id": "0"}).json()["run"]["info"]["run_id"]
        for path in (".", "./", "./."):
            refused = live.post("/ajax-api/2.0/mlflow/upload-artifact", params={"run_uuid": run_id, "path": path}, data=b"x")
            assert (refused.status_code, refused.json()["message"]) == (400, "Invalid path"), path
        assert "files" not in live.get("/api/2.0/mlflow/artifacts/list", params={"run_id": run_id}).json()
