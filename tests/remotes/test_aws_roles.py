"""Keys for roles: services of AWS that hand them out, and a store that takes them, played by a small server here that checks
what it is sent. (versitygw takes no session tokens.)"""

import hashlib
import hmac
import http.server
import json
import threading
import types
import urllib.parse

import pytest

INVALID, DENIED = "invalid", "denied"
ARN = "arn:aws:iam::123456789012:role/data"


def signature(handler, body, secret):
    """The signature that the request should have, by the documentation of Signature Version 4."""
    fields = dict(part.strip().split("=", 1) for part in handler.headers["Authorization"].split(" ", 1)[1].split(","))
    date, region, service, _ = fields["Credential"].split("/")[1:]
    names = fields["SignedHeaders"].split(";")
    lines = "".join(f"{name}:{handler.headers[name].strip()}\n" for name in names)
    canonical = f"{handler.command}\n{handler.path}\n\n{lines}\n{';'.join(names)}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{date}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{handler.headers['X-Amz-Date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return fields, service, hmac.digest(key, text.encode(), "sha256").hex()


@pytest.fixture
def services():
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def reply(self, status, text):
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            form = dict(urllib.parse.parse_qsl(body.decode()))
            asked.append(form)
            action = form["Action"]
            known = form.get("WebIdentityToken") == "web-token"
            if action == "AssumeRole":
                fields, service, wanted = signature(self, body, "base-secret")
                known = fields["Credential"].startswith("BASE/") and service == "sts" and fields["Signature"] == wanted
            if not known or form["RoleArn"] != ARN:
                return self.reply(403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>")
            self.reply(200, f"<{action}Response xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><{action}Result><Credentials>"
                            f"<AccessKeyId>TEMP</AccessKeyId><SecretAccessKey>temp-secret</SecretAccessKey>"
                            "<SessionToken>session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
                            f"</Credentials></{action}Result></{action}Response>")  # fmt: skip

        def do_PUT(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            fields, service, wanted = signature(self, body, "temp-secret")
            sound = fields["Credential"].startswith("TEMP/") and service == "s3" and fields["Signature"] == wanted
            signed = "x-amz-security-token" in fields["SignedHeaders"]
            good = sound and signed and self.headers["X-Amz-Security-Token"] == "session" and self.path == "/data/roles/k"
            self.reply(200 if good else 403, "")

        def do_GET(self):
            if self.path != "/federation/credentials?role_name=r&account_id=1" or self.headers["x-amz-sso_bearer_token"] != "sso-token":
                return self.reply(401, "{}")
            self.reply(200, json.dumps({"roleCredentials": {
                "accessKeyId": "TEMP", "secretAccessKey": "temp-secret", "sessionToken": "session", "expiration": 4070908800000}}))  # fmt: skip

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    yield types.SimpleNamespace(url=url, env={"AWS_ENDPOINT_URL_STS": url, "AWS_ENDPOINT_URL_SSO": url}, asked=asked)
    server.shutdown()
    server.server_close()


@pytest.fixture
def put(do, services, tmp_path):
    """put(config, profile=…, env=…) writes ~/.aws/config and puts a file; the answer."""
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / ".aws").mkdir()

    def run(config="", profile=None, env=None):
        (tmp_path / ".aws/config").write_text(config)
        options = {"endpointurl": services.url} | ({"profile": profile} if profile else {})
        step = {"do": "put", "file": str(tmp_path / "file"), "key": "k"}
        return do("s3://data/roles", step, options=options, env=services.env | (env or {}))

    return run


BASE = "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = base-secret\n"
ROLE = f"[profile role]\nrole_arn = {ARN}\nsource_profile = base\nexternal_id = x1\nrole_session_name = me\nregion = eu-west-1\n"


def test_a_role_with_the_keys_of_another_profile(put, services):
    answer = put(BASE + ROLE, "role")
    assert answer.get("ok") is True, answer
    assert services.asked == [{
        "Action": "AssumeRole", "ExternalId": "x1", "Version": "2011-06-15", "RoleArn": ARN, "RoleSessionName": "me"}]  # fmt: skip


def test_a_role_with_the_keys_in_the_environment(put):
    env = {"AWS_ACCESS_KEY_ID": "BASE", "AWS_SECRET_ACCESS_KEY": "base-secret"}
    assert put(ROLE.replace("source_profile = base", "credential_source = Environment"), "role", env)["ok"] is True


def test_a_refused_role(put):
    answer = put(BASE.replace("base-secret", "wrong-secret") + ROLE, "role")
    assert answer["code"] == DENIED
    assert answer["error"] == f"cannot take the role '{ARN}': AccessDenied: not you"


def test_profiles_that_name_each_other(put):
    config = "".join(f"[profile {a}]\nrole_arn = {ARN}\nsource_profile = {b}\n" for a, b in (("a", "b"), ("b", "a")))
    answer = put(config, "a")
    assert answer["code"] == INVALID and "name each other" in answer["error"]
    assert put(ROLE, "role")["error"].endswith("the config profile (base) could not be found")


def test_a_web_identity(put, tmp_path):
    (tmp_path / "token").write_text("web-token\n")
    env = {"AWS_ROLE_ARN": ARN, "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}
    assert put(env=env)["ok"] is True
    (tmp_path / "token").write_text("other")
    assert put(env=env)["code"] == DENIED
    (tmp_path / "token").write_text("web-token")
    config = f"[profile web]\nrole_arn = {ARN}\nweb_identity_token_file = {tmp_path / 'token'}\n"
    assert put(config, "web")["ok"] is True


@pytest.mark.parametrize("shared", [False, True])
def test_single_sign_on(put, tmp_path, shared):
    place = "sso_start_url = https://start\nsso_region = us-east-1\n"
    config = f"[profile sso]\nsso_account_id = 1\nsso_role_name = r\n{place}"
    if shared:
        config = f"[profile sso]\nsso_account_id = 1\nsso_role_name = r\nsso_session = s\n[sso-session s]\n{place}"
    assert "has ended" in put(config, "sso")["error"]
    cache = tmp_path / ".aws/sso/cache"
    cache.mkdir(parents=True)
    token = cache / f"{hashlib.sha1(b's' if shared else b'https://start').hexdigest()}.json"
    token.write_text(json.dumps({"accessToken": "sso-token", "expiresAt": "2099-01-01T00:00:00Z"}))
    answer = put(config, "sso")
    assert answer.get("ok") is True, answer
    for text in (["sso-token", "2001-01-01T00:00:00Z"], ["x", "2099-01-01T00:00:00Z"], [""]):
        token.write_text(json.dumps(dict(zip(("accessToken", "expiresAt"), text, strict=False))))
        assert put(config, "sso")["code"] == DENIED
