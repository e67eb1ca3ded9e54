"""Real servers for tests of remotes, each on a free port of 127.0.0.1, each in a folder of its own, stopped at the end.

  with s3(root) as server:         versitygw: server.url("prefix"), server.options; bucket "data" is the folder root/data
  with http(root) as server:       nginx: server.url("plain") writes with PUT, "private" asks for me:secret, "dav" is WebDAV
  with ssh(root) as server:        sshd, SFTP only: server.url(path); run clients with server.env() and they find keys and host
  server.kill()                    goes away at once, as a crash would; server.start() brings it back on the same port

Nothing sleeps for a fixed time: a start waits until the port answers.
"""

import base64
import contextlib
import email.utils
import hmac
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Missing(Exception):
    """A server that is not installed; the text says what to run."""


def find_program(name, *places, mend="./dev setup"):
    """The path of a program; Missing when there is none."""
    found = shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    if not found:
        raise Missing(f"{name} is not installed; run {mend}")
    return found


def descendants(pid):
    parents = {}
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents.setdefault(int(status.read_text().rpartition(")")[2].split()[1]), []).append(int(status.parent.name))
    found = list(parents.get(pid, []))
    for child in found:
        found.extend(parents.get(child, []))
    return found


class Server:
    """A process that answers on a port. Subclasses say which and give `command` and `environ`."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.port = free_port()
        self.process = None

    def command(self):
        raise NotImplementedError

    def environ(self):
        return dict(os.environ)

    def start(self):
        log = open(self.root / f"{type(self).__name__}.log", "ab")
        with log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environ(), start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return self
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = (self.root / f"{type(self).__name__}.log").read_text(errors="replace")
                self.stop()
                raise RuntimeError(f"{self.command()[0]} does not start:\n{text[-2000:]}")
            time.sleep(0.02)  # between two questions

    def _end(self, number):
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        self.process = None

    def stop(self):
        self._end(signal.SIGTERM)

    def kill(self):
        self._end(signal.SIGKILL)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def make_certificate(root):
    """A certificate for 127.0.0.1 that nobody knows: the paths of it and of its key."""
    cert, key = root / "cert.pem", root / "key.pem"
    if not cert.exists():
        subprocess.run([find_program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)  # fmt: skip
    return cert, key


class S3(Server):
    """versitygw over a folder: a sub-folder is a bucket, a file an object."""

    key, secret, region = "test-key", "test-secret-key", "us-east-1"

    def __init__(self, root, bucket="data", tls=False, notes=True):
        """`notes`: the server keeps its own notes on objects (ETags and the like), which costs it most of its time."""
        super().__init__(root)
        self.tls, self.notes = tls, notes
        self.bucket = bucket
        self.folder = self.root / "buckets" / bucket
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.root / "meta").mkdir(exist_ok=True)

    def command(self):
        program = find_program("versitygw", TOP / ".deps/bin", mend="./dev conformance")
        # Its own notes on objects lie beside the buckets: not every file system has extended attributes.
        cert, key = make_certificate(self.root) if self.tls else ("", "")
        secure = ["--cert", str(cert), "--key", str(key)] if self.tls else []
        notes = ["--sidecar", str(self.root / "meta")] if self.notes else ["--nometa"]
        return [program, "--port", f"127.0.0.1:{self.port}", "--keep-alive", "--quiet", *secure, "posix", *notes, str(self.root / "buckets")]

    def environ(self):
        return dict(os.environ) | {"ROOT_ACCESS_KEY": self.key, "ROOT_SECRET_KEY": self.secret}

    @property
    def endpoint(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def options(self):
        return {"endpointurl": self.endpoint, "access_key_id": self.key, "secret_access_key": self.secret}

    def url(self, prefix=""):
        return f"s3://{self.bucket}/{prefix}".rstrip("/")


class Azure(Server):
    """Azurite, Microsoft's own stand-in for Azure Storage, with its well-known account; blobs are not files in a folder here."""

    account = "devstoreaccount1"
    key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

    @staticmethod
    def program():
        return shutil.which("azurite-blob", path=f"{TOP}/.deps/azurite/node_modules/.bin{os.pathsep}{os.environ.get('PATH', '')}")

    def command(self):
        return [self.program(), "--silent", "--disableTelemetry", "--skipApiVersionCheck", "--blobPort", str(self.port),
                "--location", str(self.root)]  # fmt: skip

    def start(self):
        super().start()
        date, version = email.utils.formatdate(usegmt=True), "2020-10-02"
        text = f"PUT\n{chr(10) * 10}\nx-ms-date:{date}\nx-ms-version:{version}\n/{self.account}/{self.account}/data\nrestype:container"
        mac = base64.b64encode(hmac.digest(base64.b64decode(self.key), text.encode(), "sha256")).decode()
        headers = {"x-ms-date": date, "x-ms-version": version, "Authorization": f"SharedKey {self.account}:{mac}", "Content-Length": "0"}
        request = urllib.request.Request(f"{self.endpoint}/data?restype=container", method="PUT", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 201
        return self

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}/{self.account}"

    @property
    def options(self):
        return {"connection_string": f"AccountName={self.account};AccountKey={self.key};BlobEndpoint={self.endpoint}"}

    def url(self, prefix=""):
        return f"azure://data/{prefix}".rstrip("/")


NGINX = """
daemon off;
master_process off;
pid {root}/nginx.pid;
error_log {root}/error.log;
load_module {module};
{user}
events {{ worker_connections 512; }}
http {{
  access_log {root}/access.log;
  client_body_temp_path {root}/tmp;
  proxy_temp_path {root}/tmp;
  fastcgi_temp_path {root}/tmp;
  uwsgi_temp_path {root}/tmp;
  scgi_temp_path {root}/tmp;
  client_max_body_size 0;
  default_type application/octet-stream;
  server {{
    listen 127.0.0.1:{port};
    listen 127.0.0.1:{tls_port} ssl;
    ssl_certificate {root}/cert.pem;
    ssl_certificate_key {root}/key.pem;
    root {root}/www;
    dav_methods PUT DELETE;
    create_full_put_path on;
    location /plain/ {{ }}
    location /private/ {{ auth_basic private; auth_basic_user_file {root}/users; }}
    location /header/ {{ if ($http_x_token != "open sesame") {{ return 401; }} }}
    location /moved/ {{ return 302 /plain/$request_uri; }}
    location /dav/ {{
      create_full_put_path off;
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS;
    }}
    location /davauth/ {{
      alias {root}/www/dav/;
      auth_basic private; auth_basic_user_file {root}/users;
      create_full_put_path off;
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS;
    }}
  }}
}}
"""


class Http(Server):
    """nginx: HTTP with PUT, a part behind a password, and WebDAV."""

    user, password = "me", "secret"

    def __init__(self, root):
        super().__init__(root)
        self.tls_port = free_port()
        make_certificate(self.root)
        self.www = self.root / "www"
        for name in ("plain", "private", "header", "dav"):
            (self.www / name).mkdir(parents=True, exist_ok=True)
        (self.root / "tmp").mkdir(exist_ok=True)
        (self.root / "users").write_text(f"{self.user}:{{PLAIN}}{self.password}\n")
        module = next(
            (path for path in map(pathlib.Path, ("/usr/lib/nginx/modules", "/usr/share/nginx/modules", "/usr/lib64/nginx/modules"))
             if (path / "ngx_http_dav_ext_module.so").exists()), None)  # fmt: skip
        if module is None:
            raise Missing("nginx's dav-ext module is not installed; run ./dev setup")
        (self.root / "nginx.conf").write_text(NGINX.format(
            root=self.root, port=self.port, tls_port=self.tls_port, module=module / "ngx_http_dav_ext_module.so",
            user="user root;" if os.geteuid() == 0 else ""))  # fmt: skip

    def command(self):
        return [find_program("nginx"), "-p", str(self.root), "-e", str(self.root / "error.log"), "-c", str(self.root / "nginx.conf")]

    def url(self, part, scheme="http"):
        return f"{scheme}://127.0.0.1:{self.tls_port if scheme.endswith('s') else self.port}/{part}"


SSHD = """
Port {port}
ListenAddress 127.0.0.1
HostKey {root}/host_key
AuthorizedKeysFile {root}/authorized_keys
StrictModes no
UsePAM no
PidFile none
PasswordAuthentication no
PermitRootLogin yes
Subsystem sftp internal-sftp
"""


class Ssh(Server):
    """sshd of this user, by key only. An RSA key, as most people have."""

    def __init__(self, root):
        super().__init__(root)
        keygen = find_program("ssh-keygen")
        for name, kind in (("host_key", "ed25519"), ("user_key", "rsa")):
            if not (self.root / name).exists():
                subprocess.run([keygen, "-q", "-t", kind, "-N", "", "-f", str(self.root / name)], check=True)
        shutil.copy(self.root / "user_key.pub", self.root / "authorized_keys")
        (self.root / "sshd_config").write_text(SSHD.format(root=self.root, port=self.port))
        self.bin = self.root / "bin"
        self.bin.mkdir(exist_ok=True)
        self.trust()
        (self.root / "ssh_config").write_text(
            f"Host *\n  UserKnownHostsFile {self.root}/known_hosts\n  GlobalKnownHostsFile /dev/null\n"
            f"  IdentityFile {self.root}/user_key\n  IdentitiesOnly yes\n"
        )
        wrapper = self.bin / "ssh"
        wrapper.write_text(f'#!/bin/sh\nexec {find_program("ssh")} -F {self.root}/ssh_config "$@"\n')
        wrapper.chmod(0o755)

    def trust(self, known=True):
        kind, key = (self.root / "host_key.pub").read_text().split()[:2]
        (self.root / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n" if known else "")

    def command(self):
        if os.geteuid() == 0:
            pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd of root insists on it
        return [find_program("sshd"), "-D", "-e", "-f", str(self.root / "sshd_config")]

    def env(self):
        """For clients that run `ssh`: ours, which knows the test's keys and hosts."""
        return {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}"}

    def kill(self):
        """Every connection has processes in sessions of their own."""
        below = descendants(self.process.pid)
        super().kill()
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @property
    def options(self):
        return {"keyfile": str(self.root / "user_key")}

    def url(self, path):
        return f"ssh://127.0.0.1:{self.port}{path}"


def s3(root, **options):
    return S3(root, **options)


def http(root):
    return Http(root)


def ssh(root):
    return Ssh(root)
