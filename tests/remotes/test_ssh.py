"""SSH: the user's own ssh decides about keys and hosts."""

import contextlib
import os
import signal
import subprocess

import pytest
import servers
from conftest import Store, hold, wait_until_held

DENIED = "denied"


@pytest.fixture
def known(ssh):
    """The file of known hosts, as it was again afterwards."""
    yield ssh.root / "known_hosts"
    ssh.trust()


def test_an_unknown_host_is_remembered(ssh, do, tmp_path, known):
    known.write_text("")
    (tmp_path / "k").write_text("x")
    assert do(ssh.url(tmp_path), {"do": "stat", "key": "k"}, env=ssh.env())["ok"]["size"] == 1
    assert known.read_text().count(f"[127.0.0.1]:{ssh.port} ") == 1


def test_a_host_with_another_key_is_refused(ssh, do, tmp_path, known):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")], check=True)
    known.write_text(f"[127.0.0.1]:{ssh.port} {(tmp_path / 'other.pub').read_text()}")
    answer = do(ssh.url(tmp_path), {"do": "stat", "key": "k"}, env=ssh.env())
    assert answer["code"] == DENIED and "Host key verification failed" in answer["error"]
    assert answer["error"].rpartition("\n")[2].endswith(f"""-R "[127.0.0.1]:{ssh.port}\"""")
    before = known.read_text()
    assert do(ssh.url(tmp_path), {"do": "stat", "key": "k"}, env=ssh.env())["code"] == DENIED and known.read_text() == before


@pytest.mark.parametrize("checking", ["yes", "accept-new", "no"])
def test_the_users_configuration_decides_about_unknown_hosts(ssh, do, tmp_path, known, checking):
    known.write_text("")
    config = ssh.root / "ssh_config"
    saved = config.read_text()
    config.write_text(f"{saved}  StrictHostKeyChecking {checking}\n")
    try:
        answer = do(ssh.url(tmp_path), {"do": "stat", "key": "none"}, env=ssh.env())
    finally:
        config.write_text(saved)
    refused = checking == "yes"
    assert (answer["code"] == DENIED and "Host key verification failed" in answer["error"]) == refused
    assert (known.read_text() == "") == refused


def test_an_unknown_key_is_refused(ssh, do, tmp_path):
    (tmp_path / "key").write_bytes((ssh.root / "host_key").read_bytes())
    (tmp_path / "key").chmod(0o600)
    saved = (ssh.root / "authorized_keys").read_text()
    (ssh.root / "authorized_keys").write_text("")
    try:
        answers = do(ssh.url(tmp_path), {"do": "stat", "key": "k"}, {"do": "stat", "key": "k"}, env=ssh.env())
    finally:
        (ssh.root / "authorized_keys").write_text(saved)
    for answer in answers:
        assert answer["code"] == DENIED and "Permission denied" in answer["error"]


def test_no_server_there(ssh, do, tmp_path):
    answer = do("ssh://127.0.0.1:1/x", {"do": "stat", "key": "k"}, env=ssh.env())
    assert "Connection refused" in answer["error"]


def test_a_keyfile_with_a_passphrase(ssh, do, tmp_path):
    key = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "open sesame", "-f", str(key)], check=True)
    saved = (ssh.root / "authorized_keys").read_text()
    (ssh.root / "authorized_keys").write_text(saved + key.with_suffix(".pub").read_text())
    (tmp_path / "k").write_text("x")
    options = {"keyfile": str(key), "allow_agent": "false"}
    assert do(ssh.url(tmp_path), {"do": "stat", "key": "k"}, options=options | {"passphrase": "open sesame"}, env=ssh.env())["ok"]["size"] == 1


def test_files_and_folders_it_may_not_read(ssh, do, tmp_path):
    (tmp_path / "folder").mkdir()
    answer = do(ssh.url(tmp_path), {"do": "get", "key": "folder", "file": str(tmp_path / "got")}, env=ssh.env())
    assert "folder" in answer["error"]
    assert not (tmp_path / "got").exists()


def test_a_connection_that_hangs_is_left(ssh, start_job, tmp_path):
    """Its processes stand still in the middle of a push: the push goes on over a new connection."""
    source, far = Store(tmp_path / "many"), Store(tmp_path / "far")
    folder = source.put_dir({f"f{i}": source.put(b"%d" % i + os.urandom(30_000)) for i in range(200)})
    push = {"do": "push", "cache": str(source.folder), "wanted": [folder], "jobs": 4}
    job = start_job(ssh.url(far.folder), [push | hold(tmp_path, 20)], {"timeout": "2"}, ssh.env())
    wait_until_held(job, tmp_path)
    stopped = servers.descendants(ssh.process.pid)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    (tmp_path / "go").touch()
    try:
        answer = job.result(timeout=60)[0]
    finally:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert answer["ok"]["failed"] == []
    assert folder in far.names() and len(far.names()) == 201
    assert 2 <= answer["seconds"] < 20
