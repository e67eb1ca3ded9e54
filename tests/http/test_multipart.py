"""MLflow's multipart uploads and presigned downloads over the wire: the addresses, what they refuse, and a kill in between."""

import os
import pathlib
import socket

import requests
from conftest import wait_for

ROUTE = "/api/2.0/mlflow-artifacts"
PIECE = 400_000  # over the limit up to which a body stays in memory


def post(live, path, body, status=200):
    reply = requests.post(live.url + ROUTE + path, json=body, timeout=30)
    assert reply.status_code == status, reply.text
    return reply.json()


def send(credential, data):
    reply = requests.put(credential["url"], data=data, headers=credential.get("headers"), timeout=30)
    assert reply.status_code == 200, reply.text
    return {"part_number": credential["part_number"], "etag": reply.headers["ETag"], "url": credential["url"]}


def begin(live, folder="1/run/artifacts/model", count=3):
    made = post(live, f"/mpu/create/{folder}", {"path": "/home/me/big.bin", "num_parts": count})
    assert [one["part_number"] for one in made["credentials"]] == list(range(1, count + 1))
    return made


def uploads(live):
    folder = pathlib.Path(live.root) / ".mlean/artifacts/uploads"
    return sorted(os.listdir(folder)) if folder.is_dir() else []


def test_parts_become_the_artifact(server, tmp_path):
    data = [os.urandom(PIECE), os.urandom(PIECE), b"end"]
    with server(tmp_path) as live:
        made = begin(live)
        parts = [send(credential, piece) for credential, piece in reversed(list(zip(made["credentials"], data)))]
        whole = live.url + ROUTE + "/artifacts/1/run/artifacts/model/big.bin"
        assert requests.get(whole, timeout=30).status_code == 404
        post(live, "/mpu/complete/1/run/artifacts/model", {"path": "/home/me/big.bin", "upload_id": made["upload_id"], "parts": parts})
        assert requests.get(whole, timeout=30).content == b"".join(data)
        assert uploads(live) == []
        post(live, "/mpu/abort/1/run/artifacts/model", {"path": "big.bin", "upload_id": made["upload_id"]})
        assert requests.get(whole, timeout=30).status_code == 200


def test_what_is_not_whole_is_refused(server, tmp_path):
    with server(tmp_path) as live:
        made = begin(live, count=2)
        body = {"path": "big.bin", "upload_id": made["upload_id"]}
        one = send(made["credentials"][0], b"a" * PIECE)
        for parts, text in (
            ([one, {"part_number": 2, "etag": "x"}], "part 2 was not sent"),
            ([one, one], "part 1 is named twice"),
            ([one | {"etag": '"1-7"'}], "part 1 has another ETag"),
        ):
            assert text in post(live, "/mpu/complete/1/m", body | {"parts": parts}, 400)["message"]
        assert "Invalid path" in post(live, "/mpu/complete/1/%2e%2e/m", body | {"parts": [one]}, 400)["message"]
        assert "Invalid path" in post(live, "/mpu/create/1", {"path": "..", "num_parts": 1}, 400)["message"]
        for count in (0, -1, 10_001):
            post(live, "/mpu/create/1", {"path": "a", "num_parts": count}, 400)
        post(live, "/mpu/complete/1/m", body | {"upload_id": "0" * 32, "parts": [one]}, 404)
        for bad, status in (("0" * 32 + "/1", 404), ("..%2F..%2Fetc/1", 404), (made["upload_id"] + "/0", 400), (made["upload_id"] + "/x", 400)):
            for data in (b"small", b"a" * PIECE):
                reply = requests.put(f"{live.url}{ROUTE}/mpu/part/{bad}", data=data, timeout=30)
                assert reply.status_code == status, reply.text
        # A refused body is removed after its answer was sent.
        wait_for(lambda: uploads(live) == [f"parts-{made['upload_id']}"], 10, "that nothing of the refused ones is left")
        # A stranger's part is refused before its body: the server does not wait for it.
        with socket.create_connection(live.url.removeprefix("http://").split(":"), timeout=10) as link:
            link.sendall(f"PUT {ROUTE}/mpu/part/{'0' * 32}/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000000\r\n\r\n".encode())
            assert link.recv(1000).startswith(b"HTTP/1.1 404 ")
        post(live, "/mpu/abort/1/m", body)
        assert uploads(live) == []


def test_an_upload_goes_on_after_a_kill(server, tmp_path):
    with server(tmp_path) as live:
        made = begin(live, count=2)
        parts = [send(made["credentials"][0], b"a" * PIECE)]
        live.kill()
    with server(tmp_path) as live:
        again = made["credentials"][1] | {"url": f"{live.url}{ROUTE}/mpu/part/{made['upload_id']}/2"}
        parts.append(send(again, b"b"))
        post(live, "/mpu/complete/1/m", {"path": "big.bin", "upload_id": made["upload_id"], "parts": parts})
        assert requests.get(f"{live.url}{ROUTE}/artifacts/1/m/big.bin", timeout=30).content == b"a" * PIECE + b"b"


def test_a_presigned_address_needs_no_more(server, tmp_path):
    with server(tmp_path) as live:
        path = "1/run/a b/ü.bin"
        assert requests.put(f"{live.url}{ROUTE}/artifacts/{path}", data=b"0123456789", timeout=30).status_code == 200
        signed = requests.get(f"{live.url}{ROUTE}/presigned/{path}", timeout=30).json()
        assert signed["file_size"] == 10
        got = requests.get(signed["url"], headers=(signed.get("headers") or {}) | {"Range": "bytes=2-4"}, timeout=30)
        assert (got.status_code, got.content) == (206, b"234")
        assert requests.get(f"{live.url}{ROUTE}/presigned/none", timeout=30).status_code == 404
        for spoiled in (signed["url"][:-1] + ("0" if signed["url"][-1] != "0" else "1"), signed["url"].replace("until=", "until=9"),
                        signed["url"].split("&")[0], signed["url"].replace("/1/run", "/2/run")):  # fmt: skip
            assert requests.get(spoiled, timeout=30).status_code == 403, spoiled


def test_an_address_is_as_the_client_reached_us(server, tmp_path):
    with server(tmp_path, "--allowed-hosts", "ml.example.org") as live:
        body = {"path": "a", "num_parts": 1}
        headers = {"Host": "ml.example.org", "X-Forwarded-Proto": "https"}
        made = requests.post(f"{live.url}{ROUTE}/mpu/create/1", json=body, headers=headers, timeout=30).json()
        assert made["credentials"][0]["url"].startswith("https://ml.example.org/api/2.0/mlflow-artifacts/mpu/part/")
