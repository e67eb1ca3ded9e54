"""HTTP and WebDAV: sign-in, methods, redirects, TLS, servers that hang."""

import socket
import threading
import time

import pytest

DENIED, UNSUPPORTED, TIMEOUT = "denied", "unsupported", "timeout"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


def test_http_cannot_list(http, do, store):
    url = http.url("plain/x")
    listing, runs, gc = do(url, {"do": "list"}, {"do": "push_runs", "cache": str(store.folder)}, {"do": "gc", "used": []})
    assert listing["code"] == runs["code"] == gc["code"] == UNSUPPORTED


def test_the_default_method_is_post(http, do, file):
    (http.www / "plain" / "posted").write_text("old")
    answer = do(http.url("plain"), {"do": "put", "file": str(file), "key": "posted"})
    assert answer["code"] == UNSUPPORTED and "405" in answer["error"]


def test_basic_sign_in(http, do, file):
    put = {"do": "put", "file": str(file), "key": "k"}
    assert do(http.url("private"), put, options={"method": "PUT"})["code"] == DENIED
    signed = {"auth": "basic", "user": http.user, "password": http.password, "method": "put"}
    assert do(http.url("private"), put, options=signed)["ok"] is True
    wrong = do(http.url("private"), {"do": "stat", "key": "k"}, options=signed | {"password": "guess"})
    assert wrong["code"] == DENIED and "guess" not in wrong["error"]
    assert do(http.url("private").replace("//", f"//{http.user}:{http.password}@"), {"do": "stat", "key": "k"})["ok"]["size"] == 7


def test_custom_header(http, do, file):
    (http.www / "header" / "k").write_bytes(b"x")
    options = {"auth": "custom", "custom_auth_header": "X-Token", "password": "open sesame"}
    assert do(http.url("header"), {"do": "stat", "key": "k"}, options=options)["ok"]["size"] == 1
    assert do(http.url("header"), {"do": "stat", "key": "k"})["code"] == DENIED


def test_a_single_url(http, do, tmp_path):
    (http.www / "plain" / "one file.csv").write_text("a,b\n")
    stat, get = do(http.url("plain/one%20file.csv"), {"do": "stat"}, {"do": "get", "file": str(tmp_path / "got")})
    assert stat["ok"]["size"] == 4 and stat["ok"]["etag"].startswith('"')
    assert (tmp_path / "got").read_text() == "a,b\n"
    assert do(http.url("plain/one file.csv"), {"do": "stat"})["ok"]["size"] == 4


def test_webdav_sign_in(http, do, file):
    url = http.url("davauth/x", "webdav")
    put = {"do": "put", "file": str(file), "key": "a/b/c"}
    assert do(url, put)["code"] == DENIED
    assert do(url, put, options={"user": http.user, "password": http.password})["ok"] is True
    assert (http.www / "dav/x/a/b/c").read_bytes() == b"content"


@pytest.mark.parametrize(("scheme", "part"), [("https", "plain"), ("webdavs", "dav")])
def test_certificates_are_checked(http, do, file, scheme, part):
    url = http.url(part, scheme)
    put = {"do": "put", "file": str(file), "key": "tls"}
    options = {"method": "PUT"} if scheme == "https" else {}
    refused = do(url, put, options=options)
    assert refused["code"] == DENIED and "certificate" in refused["error"]
    assert do(url, put, options=options | {"ssl_verify": str(http.root / "cert.pem")})["ok"] is True
    assert do(url, put, options=options | {"ssl_verify": "false"})["ok"] is True
    assert do(url, put, options=options | {"ssl_verify": "true"})["code"] == DENIED


class Drip:
    """Takes connections, sends `head` and then a blank every tenth of a second, for ever; with "" nothing at all."""

    def __init__(self, head):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.done = threading.Event()
        self.head = head
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.done.is_set():
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.drip, args=(connection,), daemon=True).start()

    def drip(self, connection):
        with connection:
            try:
                connection.recv(65536)
                connection.sendall(self.head)
                while not self.done.wait(0.1):
                    if self.head:
                        connection.sendall(b" ")
            except OSError:
                pass

    def __enter__(self):
        return f"127.0.0.1:{self.socket.getsockname()[1]}/x"

    def __exit__(self, *_):
        self.done.set()
        self.socket.close()


@pytest.mark.parametrize(
    ("scheme", "step", "head"),
    [
        ("http", {"do": "stat", "key": "k"}, b""),
        ("http", {"do": "stat", "key": "k"}, b"HTTP/1.1 200 OK\r\nX-Long: "),
        ("webdav", {"do": "list"}, b"HTTP/1.1 207 Multi-Status\r\nContent-Length: 100000\r\n\r\n"),
    ],
)
def test_a_server_that_hangs_is_given_up(do, scheme, step, head):
    timeout = {"read_timeout": "0.1", "timeout": "0.1"}
    with Drip(head) as place:
        start = time.monotonic()
        answer = do(f"{scheme}://{place}", step, options=timeout, attempts=1)
        assert answer["code"] == TIMEOUT
        assert time.monotonic() - start < 10
