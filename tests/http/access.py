"""A server that asks who calls, its users, and requests in their names."""

import json
import subprocess

import requests

PASSWORD = "correct horse battery"


class As(requests.Session):
    """Requests to one server by one user: a token (text), a password (pair), or nobody (None)."""

    def __init__(self, url, who=None, **settings):
        super().__init__()
        self.url = url
        self.trust_env = False
        if isinstance(who, str):
            self.headers["Authorization"] = f"Bearer {who}"
        elif who is not None:
            self.auth = who
        for name, value in settings.items():
            setattr(self, name, value)

    def request(self, method, path, *args, **options):
        options.setdefault("timeout", 60)
        return super().request(method, self.url + path, *args, **options)

    def ml(self, method, path, /, status=200, **fields):
        """MLflow's API: the answer's JSON, or its text."""
        sent = {"params": fields} if method == "GET" else {"json": fields}
        reply = self.request(method, "/api/2.0/mlflow/" + path, **sent)
        assert status is None or reply.status_code == status, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.text.startswith("{") else reply.text


class Users:
    """mlean users and tokens of one project."""

    def __init__(self, mlean, env, root):
        self.mlean, self.env, self.root = mlean, env, root

    def verb(self, *words, given="", check=0):
        done = subprocess.run(
            [str(self.mlean), "-C", str(self.root), *words], env=self.env, input=given, capture_output=True, text=True, timeout=60
        )
        assert check is None or done.returncode == check, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def add(self, name, *options, password=PASSWORD):
        return self.verb("users", "add", name, *options, given=password + "\n")

    def token(self, user, *options):
        return json.loads(self.verb("tokens", "create", "--user", user, "--json", *options).stdout)["token"]


def make_certificate(folder):
    """An authority, and a certificate of it for 127.0.0.1: (authority, certificate, key)."""
    (folder / "ext").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n")

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.crt",
            "-subj", "/CN=test authority", "-days", "2", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", "server.crt")
    return folder / "ca.crt", folder / "server.crt", folder / "server.key"
