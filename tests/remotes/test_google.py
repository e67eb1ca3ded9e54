"""Google Storage: a small server here plays its XML interface and the service that hands tokens to service accounts, and checks what it is sent."""

import base64
import hashlib
import http.server
import json
import os
import subprocess
import threading
import types
import urllib.parse
import xml.sax.saxutils

import pytest
from conftest import Store, key_of

EXISTS, DENIED, CORRUPT = "exists", "denied", "corrupt"
TOKEN = "tok-1"


def unpacked(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def make_handler(objects, uploads, asked, public_key):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self, status, body=b"", **headers):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def refuse(self, status, code):
            self.reply(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode(), Content_Type="application/xml")

        def token(self, body):
            """RFC 7523: a claim signed with the account's key."""
            form = dict(urllib.parse.parse_qsl(body.decode()))
            text, _, signature = form["assertion"].rpartition(".")
            claim = json.loads(unpacked(text.split(".")[1]))
            asked.append(claim)
            public_key.with_suffix(".sig").write_bytes(unpacked(signature))
            public_key.with_suffix(".txt").write_text(text)
            sound = subprocess.run(["openssl", "dgst", "-sha256", "-verify", public_key, "-signature", public_key.with_suffix(".sig"),
                                    public_key.with_suffix(".txt")], capture_output=True).returncode == 0  # fmt: skip
            if not sound or form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer":
                return self.reply(400, b'{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}')
            self.reply(200, json.dumps({"access_token": TOKEN, "expires_in": 3600}).encode())

        def handle_one(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == "/token":
                return self.token(body)
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                return self.refuse(401, "AuthenticationRequired")
            url = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
            bucket, _, key = urllib.parse.unquote(url.path).lstrip("/").partition("/")
            if bucket != "data":
                return self.refuse(404, "NoSuchBucket")
            getattr(self, f"on_{self.command.lower()}")(key, query, body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_one

        def on_put(self, key, query, body):
            if "uploadId" in query:
                uploads[query["uploadId"]][int(query["partNumber"])] = body
                return self.reply(200, ETag='"part"')
            if self.headers["x-goog-if-generation-match"] == "0" and key in objects:
                return self.refuse(412, "PreconditionFailed")
            if self.headers["Content-MD5"] not in (None, base64.b64encode(hashlib.md5(body).digest()).decode()):
                return self.refuse(400, "BadDigest")
            objects[key] = body
            self.reply(200, ETag=f'"{hashlib.md5(body).hexdigest()}"')

        def on_post(self, key, query, body):
            if "uploads" in query:
                name = f"u{len(uploads)}"
                uploads[name] = {}
                return self.reply(200, f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>".encode())
            parts = uploads.pop(query["uploadId"])
            objects[key] = b"".join(parts[number] for number in sorted(parts))
            self.reply(200, b"<CompleteMultipartUploadResult/>")

        def on_delete(self, key, query, body):
            self.reply(204) if objects.pop(key, None) is not None else self.refuse(404, "NoSuchKey")

        def on_get(self, key, query, body):
            if not key:
                return self.listing(query)
            if key not in objects:
                return self.refuse(404, "NoSuchKey")
            start = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
            self.reply(206 if start else 200, objects[key][start:], ETag=f'"{hashlib.md5(objects[key]).hexdigest()}"')

        on_head = on_get

        def listing(self, query, page=20):
            names = sorted(name for name in objects if name.startswith(query["prefix"]) and name > query.get("continuation-token", ""))
            rows = "".join(f"<Contents><Key>{xml.sax.saxutils.escape(urllib.parse.quote(name))}</Key><Size>{len(objects[name])}</Size></Contents>"
                           for name in names[:page])  # fmt: skip
            more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{names[page - 1]}</NextContinuationToken>" if len(names) > page else ""
            self.reply(200, f"<ListBucketResult><EncodingType>url</EncodingType>{more}{rows}</ListBucketResult>".encode())

        def log_message(self, *_):
            pass

    return Handler


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name in ("account", "other"):
        subprocess.run(["openssl", "genrsa", "-out", folder / f"{name}.pem", "2048"], check=True, capture_output=True)
    subprocess.run(["openssl", "rsa", "-in", folder / "account.pem", "-pubout", "-out", folder / "public.pem"], check=True, capture_output=True)
    return folder


@pytest.fixture
def google(keys, tmp_path):
    objects, asked = {}, []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), make_handler(objects, {}, asked, keys / "public.pem"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"

    def account(key="account"):
        path = tmp_path / f"{key}.json"
        path.write_text(json.dumps({"type": "service_account", "client_email": "me@example.com", "private_key": (keys / f"{key}.pem").read_text(),
                                    "private_key_id": "1", "token_uri": f"{url}/token"}))  # fmt: skip
        return str(path)

    yield types.SimpleNamespace(url=url, objects=objects, asked=asked, account=account, options={"endpointurl": url, "credentialpath": account()})
    server.shutdown()
    server.server_close()


def test_round_trip(google, do, store, tree, tmp_path):
    other = Store(tmp_path / "other")
    answers = do(
        "gs://data/some/x",
        {"do": "push", "cache": str(store.folder), "wanted": [tree.dir]},
        {"do": "push", "cache": str(store.folder), "wanted": [tree.dir], "repair": True},
        {"do": "fetch", "cache": str(other.folder), "wanted": [tree.dir]},
        {"do": "list", "key": ""},
        {"do": "gc", "used": [tree.files[0]]},
        {"do": "list", "key": ""},
        options=google.options,
    )
    pushed, again, fetched, listed, gc, left = (answer["ok"] for answer in answers)
    assert (pushed["objects"], pushed["failed"]) == (len(tree.all), [])
    assert (again["objects"], again["present"]) == (0, len(tree.all))
    assert (fetched["objects"], fetched["failed"]) == (len(tree.all), [])
    assert {key: size for key, size in listed} == {key_of(name): store.path(name).stat().st_size for name in tree.all}
    assert other.names() == tree.all
    assert gc["objects"] == len(tree.all) - 1 and [key for key, _ in left] == [key_of(tree.files[0])]
    assert len(google.asked) == 1, "one token serves them all"
    claim = google.asked[0]
    assert (claim["iss"], claim["aud"]) == ("me@example.com", f"{google.url}/token") and claim["exp"] - claim["iat"] == 3600
    assert "devstorage.read_write" in claim["scope"]


def test_single_keys(google, do, tmp_path):
    file, large, got = tmp_path / "file", tmp_path / "large", tmp_path / "got"
    file.write_bytes(b"content")
    large.write_bytes(os.urandom(70_000_000))  # in parts
    odd = "a b+c/ü%41&=#?;,'().txt"
    put, exists, again, bad, gone, big, got_big = do(
        "gs://data/keys",
        {"do": "put", "file": str(file), "key": odd},
        {"do": "exists", "keys": [odd, "none"]},
        {"do": "put", "file": str(file), "key": odd, "if_absent": True},
        {"do": "put", "file": str(file), "key": "bad", "md5": "0" * 32},
        {"do": "exists", "keys": ["bad"]},
        {"do": "put", "file": str(large), "key": "large"},
        {"do": "get", "key": "large", "file": str(got)},
        options=google.options,
    )
    assert put["ok"] is True, put
    assert google.objects[f"keys/{odd}"] == b"content"
    assert exists["ok"] == [True, False]
    assert again["code"] == EXISTS
    assert bad["code"] == CORRUPT and gone["ok"] == [False]
    assert big["ok"] is True and got_big["ok"]["size"] == 70_000_000
    assert got.read_bytes() == large.read_bytes()


def test_a_key_that_is_not_the_accounts(google, do):
    answer = do("gs://data/x", {"do": "list", "key": ""}, options=google.options | {"credentialpath": google.account("other")})
    assert answer["code"] == DENIED and "Invalid JWT Signature" in answer["error"]
    assert "PRIVATE" not in answer["error"]


def test_where_credentials_come_from(google, do, tmp_path):
    env = {"GOOGLE_APPLICATION_CREDENTIALS": google.account(), "STORAGE_EMULATOR_HOST": google.url}
    assert do("gs://data/x", {"do": "list", "key": ""}, env=env)["ok"] == []
    none = do("gs://data/x", {"do": "list", "key": ""}, options={"endpointurl": google.url}, env={"GCE_METADATA_HOST": "127.0.0.1:1"})
    assert none["code"] == DENIED and "no credentials found" in none["error"]
