"""Remotes of the tests: a local folder, S3, HTTP, WebDAV and SFTP, served on loopback by servers.py or by versitygw."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import time
import urllib.request
import xml.etree.ElementTree

import pytest

from .client import HERE
from .repos import md5

KEY, SECRET = "testkey", "testsecret"
NO_GATEWAY = "versitygw is not installed; run ./dev conformance"


def versitygw():
    """The S3 gateway over a folder, when it is installed: VERSITYGW_BIN, .deps/bin, PATH. Else moto, which does not check signatures, but not
    under ./dev conformance."""
    for named in (os.environ.get("VERSITYGW_BIN"), HERE.parents[2] / ".deps/bin/versitygw", shutil.which("versitygw")):
        if named and os.path.exists(named):
            return str(named)
    if os.environ.get("MLEAN_CONFORMANCE"):
        pytest.fail(NO_GATEWAY)
    return None


class Server:
    """A server process over `folder`; ends with `close`."""

    def __init__(self, kind, folder, python, notes=False, **options):
        self.kind, self.folder, self.notes = kind, pathlib.Path(folder), notes
        self.folder.mkdir(parents=True, exist_ok=True)
        self.gateway = kind == "s3" and versitygw()
        if self.gateway:
            self._start_gateway()
        else:
            words = [str(python), str(HERE / "servers.py"), kind, str(self.folder), *(f"{key}={value}" for key, value in options.items())]
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            self.port = next(int(line) for line in self.process.stdout if line.strip().isdigit())
        if kind == "s3":
            self._make_bucket()

    def _start_gateway(self):
        import socket

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        words = [self.gateway, "--access", KEY, "--secret", SECRET, "--port", f"127.0.0.1:{self.port}", "--quiet", "posix"]
        meta = self.folder.parent / "meta"
        if self.notes:
            meta.mkdir()
        words += ["--sidecar", str(meta)] if self.notes else ["--nometa"]
        words.append(str(self.folder))
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)  # between two questions
        raise AssertionError("versitygw does not answer")

    def _make_bucket(self):
        if self.gateway:
            (self.folder / "bucket").mkdir()
        else:
            self.ask("PUT", "/bucket")

    def ask(self, method, path):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method), timeout=30) as answer:
            return answer.read()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        if self.gateway:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        if self.process.stdout:
            self.process.stdout.close()


class Remote:
    """A place of its own on a server (None: a local folder)."""

    def __init__(self, kind, server, folder, name):
        self.kind, self.server, self.name = kind, server, name
        if kind == "local":
            self.folder, self.url = pathlib.Path(folder) / name, f"{folder}/{name}"
        elif kind == "s3":
            self.folder, self.url = server.folder / "bucket" / name, f"s3://bucket/{name}"
        else:
            scheme = {"http": "http", "webdav": "webdav", "sftp": "ssh"}[kind]
            self.folder, self.url = server.folder / name, f"{scheme}://127.0.0.1:{server.port}/{name}"
        if kind in ("webdav", "sftp"):
            self.folder.mkdir(parents=True)

    @property
    def options(self):
        """The options of the remote, as in the config file."""
        return {
            "s3": {"endpointurl": f"http://127.0.0.1:{self.server.port}", "access_key_id": KEY, "secret_access_key": SECRET, "region": "us-east-1"},
            "sftp": {"user": "test", "keyfile": str(self.server.folder.parent / "key"), "allow_agent": "false"},
        }.get(self.kind, {}) if self.server else {}  # fmt: skip

    def config(self, name="store", default=True):
        lines = [f"['remote \"{name}\"']", f"    url = {self.url}", *(f"    {key} = {value}" for key, value in self.options.items())]
        return "\n".join([*(["[core]", f"    remote = {name}"] if default else []), *lines, ""])

    def listing(self):
        """{key: md5 of the content}."""
        if self.kind == "s3" and not self.server.gateway:
            space = "{http://s3.amazonaws.com/doc/2006-03-01/}"
            found = xml.etree.ElementTree.fromstring(self.server.ask("GET", f"/bucket?list-type=2&prefix={self.name}/"))
            listed = {one.find(f"{space}Key").text: one.find(f"{space}ETag").text.strip('"') for one in found.iter(f"{space}Contents")}
            return {key[len(self.name) + 1 :]: tag for key, tag in sorted(listed.items())}  # the tag of a small object is its md5
        found = {}
        for base, _, files in os.walk(self.folder):
            for name in files:
                path = pathlib.Path(base, name)
                found[str(path.relative_to(self.folder))] = md5(path.read_bytes())
        return dict(sorted(found.items()))

    def remove(self, key):
        """Not for moto, which keeps nothing in a folder."""
        (self.folder / key).unlink()


class Store:
    """Starts each kind of server once, and gives each test a place of its own there."""

    def __init__(self, folder, python, notes=False):
        """`notes`: versitygw keeps ETags, without which it takes no parts of large files."""
        self.folder, self.python, self.notes = pathlib.Path(folder), python, notes
        self.servers, self.count = {}, 0

    def remote(self, kind):
        self.count += 1
        if kind != "local" and kind not in self.servers:
            self.servers[kind] = Server(kind, self.folder / kind / "files", self.python, notes=self.notes)
        return Remote(kind, self.servers.get(kind), self.folder / "local", f"r{self.count}")

    def close(self):
        for server in self.servers.values():
            server.close()
