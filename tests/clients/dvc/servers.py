"""Servers on loopback for the remote tests: `python servers.py KIND FOLDER [OPTION=VALUE…]`, run by the Python beside the real dvc.

Prints one line when it is ready: the port. Ends when its stdin is closed. KIND: http (GET, HEAD, PUT, POST of raw bodies), webdav, sftp, s3 (moto; the
tests prefer versitygw where it is installed). Options of http:
  fail_after=N     from the Nth request with a body or an answer on, close the connection without a word
  stall_after=N    from then on answer nothing, until the client goes away
  user=U password=P
"""

import asyncio
import base64
import os
import pathlib
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


def ready(port):
    print(port, flush=True)


def until_left():
    sys.stdin.buffer.read()


class Files(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder, options, count, lock = None, {}, 0, threading.Lock()

    def log_message(self, *_):
        pass

    def path_of(self):
        path = (self.folder / unquote(urlsplit(self.path).path).lstrip("/")).resolve()
        return path if path.is_relative_to(self.folder) else self.folder / "nowhere"

    def spoilt(self):
        """Is this request one that the options spoil?"""
        if "user" in self.options:
            wanted = base64.b64encode(f"{self.options['user']}:{self.options['password']}".encode()).decode()
            if self.headers.get("Authorization") != f"Basic {wanted}":
                self.answer(401, headers={"WWW-Authenticate": 'Basic realm="test"'})
                return True
        with Files.lock:
            Files.count += 1
            count = Files.count
        if count > int(self.options.get("stall_after", sys.maxsize)):
            self.connection.settimeout(600)
            while self.connection.recv(65536):  # until the client has gone
                pass
            self.close_connection = True
            return True
        if count > int(self.options.get("fail_after", sys.maxsize)):
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return True
        return False

    def answer(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        for key, value in dict(headers).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        if self.spoilt():
            return
        path = self.path_of()
        if not path.is_file():
            return self.answer(404, b"no")
        status = path.stat()
        etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        self.answer(200, path.read_bytes() if self.command == "GET" else b"", {"ETag": etag}, status.st_size)

    def do_POST(self):
        if self.spoilt():
            return
        path = self.path_of()
        path.parent.mkdir(parents=True, exist_ok=True)
        body = b""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        part = path.with_name(f".{path.name}.{threading.get_ident()}")
        part.write_bytes(body)
        part.replace(path)
        self.answer(200)

    do_PUT = do_POST


def http(folder, options):
    Files.folder, Files.options = folder.resolve(), options
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ready(server.server_address[1])
    until_left()


def webdav(folder, options):
    from cheroot import wsgi
    from wsgidav.wsgidav_app import WsgiDAVApp

    users = {options["user"]: {"password": options["password"]}} if "user" in options else True
    application = WsgiDAVApp({
        "host": "127.0.0.1", "port": 0, "provider_mapping": {"/": str(folder)}, "simple_dc": {"user_mapping": {"*": users}},
        "logging": {"enable": False}, "verbose": 0,
    })  # fmt: skip
    server = wsgi.Server(("127.0.0.1", 0), application)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    ready(server.bind_addr[1])
    until_left()


def sftp(folder, options):
    """Login as `test` with the key that it writes to FOLDER/../key, or with the password `secret`."""
    import asyncssh

    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(folder.parent / "key"))
    os.chmod(folder.parent / "key", 0o600)

    class Login(asyncssh.SSHServer):
        def public_key_auth_supported(self):
            return True

        def validate_public_key(self, username, given):
            return username == "test" and given == key.convert_to_public()

        def password_auth_supported(self):
            return True

        def validate_password(self, username, password):
            return (username, password) == ("test", "secret")

    async def serve():
        host = asyncssh.generate_private_key("ssh-ed25519")
        server = await asyncssh.create_server(
            Login, "127.0.0.1", 0, server_host_keys=[host], sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder).encode()),
            allow_scp=True,
        )  # fmt: skip
        port = server.sockets[0].getsockname()[1]
        (folder.parent / "known_hosts").write_text(f"[127.0.0.1]:{port} {host.export_public_key().decode()}")
        ready(port)
        await asyncio.get_running_loop().run_in_executor(None, until_left)

    asyncio.run(serve())


def s3(folder, options):
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    ready(server.get_host_and_port()[1])
    until_left()


if __name__ == "__main__":
    kind, folder, *rest = sys.argv[1:]
    {"http": http, "webdav": webdav, "sftp": sftp, "s3": s3}[kind](pathlib.Path(folder).resolve(), dict(one.split("=", 1) for one in rest))
    os._exit(0)  # threads of the servers do not count
