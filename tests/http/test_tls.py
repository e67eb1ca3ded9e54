"""The server over https: what it serves, a certificate that is renewed, commands beside it. The protocol itself: src/net/tls_test.cpp."""

import os
import shutil
import signal
import socket
import ssl
import subprocess

import pytest
import requests
from access import PASSWORD, As, Users, make_certificate
from conftest import start_server, wait_for

SEARCH = "/api/2.0/mlflow/experiments/search?max_results=5"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("made"))


@pytest.fixture
def tls(mlean, env, tmp_path_factory, made):
    authority, certificate, key = made
    folder = tmp_path_factory.mktemp("tls")
    users = Users(mlean, env, tmp_path_factory.mktemp("root"))
    users.add("ann", "--admin")
    shutil.copy(certificate, folder / "server.crt")
    shutil.copy(key, folder / "server.key")
    log = folder / "log"
    options = ["--auth", "--tls-cert", folder / "server.crt", "--tls-key", folder / "server.key"]
    with start_server(mlean, env, log, users.root, *options) as live:
        assert live.url.startswith("https://127.0.0.1:")
        live.users, live.folder, live.authority, live.log = users, folder, authority, log
        live.ann = As(live.url, ("ann", PASSWORD), verify=str(authority))
        yield live


def serial(live, authority=None):
    """The serial number of the certificate that a new connection is shown."""
    host, port = live.url.removeprefix("https://").split(":")
    context = ssl.create_default_context(cafile=str(authority or live.authority))
    with socket.create_connection((host, int(port)), timeout=10) as plain, context.wrap_socket(plain, server_hostname=host) as link:
        return link.getpeercert()["serialNumber"]


def test_large_artifacts_and_ranges(tls):
    content = os.urandom(5_000_000)
    place = "/api/2.0/mlflow-artifacts/artifacts/0/big.bin"
    assert tls.ann.put(place, data=content).status_code == 200
    assert tls.ann.get(place).content == content
    part = tls.ann.get(place, headers={"Range": "bytes=1000000-1999999"})
    assert part.status_code == 206 and part.content == content[1_000_000:2_000_000]
    assert tls.ann.put(place + ".empty", data=b"").status_code == 200
    chunks = (content[i : i + 100_000] for i in range(0, 1_000_000, 100_000))
    assert tls.ann.put(place + ".part", data=chunks).status_code == 200
    assert tls.ann.get(place + ".part").content == content[:1_000_000]


def test_plain_http_is_told_so(tls):
    reply = requests.get(tls.url.replace("https", "http") + "/health", timeout=10)
    assert reply.status_code == 400 and "https only" in reply.text


def test_a_stranger_cannot_see_the_password_travel_to_another_server(tls):
    with pytest.raises(requests.exceptions.SSLError):
        As(tls.url, ("ann", PASSWORD)).get(SEARCH)


def test_a_renewed_certificate_needs_no_restart(tls, tmp_path):
    before = serial(tls)
    kept = tls.ann.get(SEARCH)  # on a connection that stays
    authority, certificate, key = make_certificate(tmp_path)
    (tls.folder / "server.crt").write_text("half a certi")
    wait_for(lambda: "tls.problem" in tls.log.read_text(), what="the complaint")
    assert serial(tls) == before
    shutil.copy(key, tls.folder / "server.key")
    shutil.copy(certificate, tls.folder / "server.crt")
    wait_for(lambda: "tls.reloaded" in tls.log.read_text(), what="the new certificate")
    assert serial(tls, authority) != before
    assert kept.status_code == tls.ann.get(SEARCH).status_code == 200


def test_commands_beside_it_are_heard(tls):
    assert tls.ann.get(SEARCH).status_code == 200
    tls.users.verb("users", "password", "ann", given="another password\n")
    assert tls.ann.get(SEARCH).status_code == 401  # at once
    assert "server.sync" not in tls.log.read_text()


def test_a_drain_lets_the_request_end(tls):
    host, port = tls.url.removeprefix("https://").split(":")
    context = ssl.create_default_context(cafile=str(tls.authority))
    with socket.create_connection((host, int(port)), timeout=10) as plain, context.wrap_socket(plain, server_hostname=host) as link:
        head = f"POST /predict/none HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {tls.users.token('ann')}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        link.sendall(head.encode())
        assert b"100 Continue" in link.recv(4096)  # it is being answered
        link.sendall(b"{")
        tls.process.send_signal(signal.SIGTERM)
        wait_for(lambda: "server.draining" in tls.log.read_text(), what="the drain")
        link.sendall(b"}")
        assert b"404 Not Found" in link.recv(4096)


@pytest.mark.parametrize("options, text", [
    (["--tls-cert", "{crt}"], "takes a certificate and its key"),
    (["--tls-cert", "{crt}", "--tls-key", "/none"], "cannot read TLS key '/none': No such file or directory"),
    (["--tls-cert", "/none", "--tls-key", "{key}"], "cannot read TLS certificate '/none': No such file or directory"),
    (["--tls-cert", "{key}", "--tls-key", "{key}"], "cannot read TLS certificate"),
    (["--tls-cert", "{ca}", "--tls-key", "{key}"], "key"),
])  # fmt: skip
def test_unsound_files_are_named(mlean, env, tmp_path, made, options, text):
    words = [word.format(ca=made[0], crt=made[1], key=made[2]) for word in options]
    done = subprocess.run([str(mlean), "server", "--root", str(tmp_path), "--listen", "127.0.0.1:0", *words], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode in (1, 2) and text in done.stderr, done.stderr
