"""What only S3 has: signatures of every kind of request, where keys come from, parts, batches, pages."""

import http.client
import http.server
import json
import os
import threading
import types

import pytest
import servers
from conftest import Store

DENIED = "denied"
UNKNOWN_UPLOAD = b"<Error><Code>NoSuchUpload</Code><Message>The specified upload does not exist.</Message></Error>"


def test_wrong_keys_are_refused(s3, do, store, tree):
    push = {"do": "push", "cache": str(store.folder), "wanted": [tree.dir]}
    answer = do(s3.url("x"), push, options=s3.options | {"secret_access_key": "wrong"})
    assert answer.get("code") == DENIED, answer
    assert "the server answers 403" in answer["error"]
    assert "wrong" not in answer["error"]


def test_a_bucket_or_user_that_is_not_there(s3, do, store, tree, tmp_path):
    """These answer 404, too: that must not pass for "the object is missing"."""
    push = {"do": "push", "cache": str(store.folder), "wanted": [tree.dir]}
    fetch = {"do": "fetch", "cache": str(tmp_path / "other"), "wanted": [tree.dir]}
    for url, options in (("s3://none/x", s3.options), (s3.url("x"), s3.options | {"access_key_id": "nobody"})):
        pushed, fetched = do(url, push, fetch, options=options)
        assert pushed["ok"]["missing"] == [] and pushed["ok"]["withheld"] == [tree.dir]
        assert len(pushed["ok"]["failed"]) == len(tree.all) - 1
        assert fetched["ok"]["missing"] == [] and len(fetched["ok"]["failed"]) == 1


def test_no_keys_at_all(s3, do):
    answer = do(s3.url("x"), {"do": "stat", "key": "k"}, options={"endpointurl": s3.endpoint})
    assert answer["code"] == DENIED
    assert answer["error"].endswith("unable to locate credentials")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


def test_keys_from_the_environment(s3, do, file):
    env = {"AWS_ACCESS_KEY_ID": s3.key, "AWS_SECRET_ACCESS_KEY": s3.secret, "AWS_ENDPOINT_URL": s3.endpoint}
    assert do(s3.url("env"), {"do": "put", "file": str(file), "key": "k"}, env=env)["ok"] is True


def test_keys_from_a_profile(s3, do, file, tmp_path):
    (tmp_path / "creds").write_text(f"[other]\naws_access_key_id = {s3.key}\naws_secret_access_key = {s3.secret}\n")
    (tmp_path / "conf").write_text(f"[profile other]\nregion = us-east-1\nendpoint_url = {s3.endpoint}\ns3 =\n  addressing_style = path\n")
    options = {"profile": "other", "credentialpath": str(tmp_path / "creds"), "configpath": str(tmp_path / "conf")}
    assert do(s3.url("profile"), {"do": "put", "file": str(file), "key": "k"}, options=options)["ok"] is True
    # A profile that was asked for comes before the environment.
    env = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing"}
    assert do(s3.url("profile"), {"do": "stat", "key": "k"}, options=options, env=env)["ok"]["size"] == 7


def test_keys_from_a_process(s3, do, file, tmp_path):
    keys = json.dumps({"Version": 1, "AccessKeyId": s3.key, "SecretAccessKey": s3.secret})
    (tmp_path / "keys.json").write_text(keys)
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(f"[default]\ncredential_process = cat {tmp_path}/keys.json; echo noise >&2\n")
    assert do(s3.url("process"), {"do": "put", "file": str(file), "key": "k"}, options={"endpointurl": s3.endpoint})["ok"] is True


@pytest.fixture
def metadata(s3):
    """The services that hand keys to containers and instances."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def reply(self, status, text=""):
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def keys(self):
            self.reply(200, json.dumps({
                "AccessKeyId": s3.key, "SecretAccessKey": s3.secret, "Token": "", "Expiration": "2099-01-01T00:00:00Z"}))  # fmt: skip

        def do_PUT(self):
            self.reply(200, "tok") if self.path == "/latest/api/token" else self.reply(404)

        def do_GET(self):
            base = "/latest/meta-data/iam/security-credentials/"
            if self.path == "/container" and self.headers["Authorization"] == "pass":
                return self.keys()
            if self.headers["X-aws-ec2-metadata-token"] != "tok":
                return self.reply(401)
            return self.reply(200, "role") if self.path == base else self.keys() if self.path == base + "role" else self.reply(404)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_keys_of_an_instance_and_of_a_container(s3, do, file, metadata):
    instance = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata}
    container = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{metadata}/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "pass"}
    for env in (instance, container):
        answer = do(s3.url("service"), {"do": "put", "file": str(file), "key": "k"}, options={"endpointurl": s3.endpoint}, env=env)
        assert answer.get("ok") is True, answer


def test_large_files_go_in_parts(s3, do, tmp_path):
    source = Store(tmp_path / "large")
    name = source.put(os.urandom(13_000_001))
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text("[default]\ns3 =\n  multipart_threshold = 5MB\n  multipart_chunksize = 5MB\n")
    other = Store(tmp_path / "other")
    push, fetch = do(
        s3.url("parts"),
        {"do": "push", "cache": str(source.folder), "wanted": [name]},
        {"do": "fetch", "cache": str(other.folder), "wanted": [name]},
        options=s3.options,
    )
    assert push["ok"]["bytes"] == fetch["ok"]["bytes"] == push["ok"]["told"] == 13_000_001
    stat = do(s3.url("parts"), {"do": "stat", "key": f"files/md5/{name[:2]}/{name[2:]}"}, options=s3.options)["ok"]
    assert stat["etag"].strip('"').endswith("-3")
    assert other.path(name).read_bytes() == source.path(name).read_bytes()


def test_the_server_checks_what_arrives(s3, do, file):
    answer = do(s3.url("digest"), {"do": "put", "file": str(file), "key": "k", "md5": "0" * 32}, options=s3.options)
    assert answer["code"] == "corrupt" and "BadDigest" in answer["error"]
    assert do(s3.url("digest"), {"do": "exists", "keys": ["k"]}, options=s3.options)["ok"] == [False]


def test_thousands_by_pages_and_batches(s3, do, tmp_path):
    source = Store(tmp_path / "many")
    names = [source.put(b"%d" % i) for i in range(2300)]
    push, again, listing, gc, after = do(
        s3.url("pages"),
        {"do": "push", "cache": str(source.folder), "wanted": names},
        {"do": "push", "cache": str(source.folder), "wanted": names},
        {"do": "list", "key": ""},
        {"do": "gc", "used": names[:10]},
        {"do": "list", "key": "files/md5/"},
        options=s3.options,
    )
    assert push["ok"]["objects"] == 2300 and push["ok"]["failed"] == []
    assert (again["ok"]["objects"], again["ok"]["present"]) == (0, 2300)
    assert len(listing["ok"]) == 2300
    assert gc["ok"]["objects"] == 2290
    assert len(after["ok"]) == 10


def test_over_tls(s3, do, store, tree, tmp_path_factory):
    """The body is not signed there: TLS guards it."""
    with servers.S3(tmp_path_factory.mktemp("server"), tls=True) as s3:
        push = {"do": "push", "cache": str(store.folder), "wanted": [tree.dir]}
        trusting = s3.options | {"ssl_verify": str(s3.root / "cert.pem")}
        refused, pushed = do(s3.url("x"), push, options=s3.options), do(s3.url("x"), push, options=trusting)
        assert refused["code"] == DENIED and "certificate" in refused["error"]
        assert pushed["ok"]["objects"] == len(tree.all)


@pytest.fixture
def forgetful(s3):
    """In front of the store: hands everything on, but breaks off instead of giving the first answer to the end of an upload, and
    later knows nothing of that upload, as AWS may. (versitygw would give the same answer again.)"""
    forgotten = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def hand_on(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            ends = self.command == "POST" and "uploadId=" in self.path
            if ends and forgotten:
                self.send_response(404)
                self.send_header("Content-Length", str(len(UNKNOWN_UPLOAD)))
                self.end_headers()
                self.wfile.write(UNKNOWN_UPLOAD)
                return
            upstream = http.client.HTTPConnection("127.0.0.1", s3.port)
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            if ends:
                forgotten.append(answer.status)
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "date", "server"):
                    self.send_header(name, value)
            if self.command != "HEAD" and not answer.getheader("Content-Length"):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = hand_on

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield types.SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}", forgotten=forgotten)
    server.shutdown()
    server.server_close()


def test_a_lost_answer_to_the_end_of_an_upload(s3, do, forgetful, tmp_path):
    source = Store(tmp_path / "large")
    name = source.put(os.urandom(6_000_000))
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text("[default]\ns3 =\n  multipart_threshold = 5MB\n  multipart_chunksize = 5MB\n")
    push = {"do": "push", "cache": str(source.folder), "wanted": [name]}
    answer = do(s3.url("forgetful"), push, options=s3.options | {"endpointurl": forgetful.url})
    assert forgetful.forgotten == [200]
    assert (answer["ok"]["objects"], answer["ok"]["failed"]) == (1, [])
    assert (s3.folder / "forgetful" / f"files/md5/{name[:2]}/{name[2:]}").read_bytes() == source.path(name).read_bytes()
