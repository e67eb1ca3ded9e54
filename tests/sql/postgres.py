"""A PostgreSQL server of the test's own: in a temporary folder, on a Unix socket, as a user without rights.

  with postgres.start() as server:
      server.create("name")
      server.script("name", "CREATE TABLE t(x BIGINT); …")     raises AssertionError with what the server says
      server.errors("name", ["SELECT 1", "SELEC 2"])           [None, 'syntax error at or near "SELEC"']
"""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile


def programs():
    """The folder of Debian's PostgreSQL programs, None when the server is not installed."""
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


class Server:
    def __init__(self, bin_folder, folder, user):
        self.bin = bin_folder
        self.folder = folder
        self.user = user  # what a command begins with to run as the server's user

    def run(self, program, *args, **options):
        command = [*self.user, str(self.bin / program), *args]
        return subprocess.run(command, cwd=self.folder, text=True, capture_output=True, timeout=120, **options)

    def must(self, program, *args, **options):
        done = self.run(program, *args, **options)
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"
        return done.stdout

    def psql(self, database, script, *args):
        """psql's stdout and stderr; it goes on after an error, unless told otherwise."""
        flags = ["-X", "-q", "-A", "-t", "-h", str(self.folder), "-U", "mlean", "-d", database, *args]
        return self.run("psql", *flags, input=script, env={"PATH": os.environ["PATH"], "PGCLIENTENCODING": "UTF8", "LC_ALL": "C.UTF-8"})

    def create(self, name):
        """A database as mlean needs it: texts are UTF-8, compared by their bytes, and only ASCII has upper and lower case."""
        self.must("psql", "-X", "-q", "-h", str(self.folder), "-U", "mlean", "-d", "postgres", "-c",
                  f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")  # fmt: skip

    def script(self, database, text):
        done = self.psql(database, text, "-v", "ON_ERROR_STOP=1", "-1")
        assert done.returncode == 0, f"{done.stderr}\n{text}"
        return done.stdout

    def errors(self, database, statements):
        """What the server says to each statement, alone: None when it takes it."""
        script = "".join(f"\\warn @{i}\n{statement}\n;\n" for i, statement in enumerate(statements))
        out = [None] * len(statements)
        at = None
        for line in self.psql(database, script).stderr.splitlines():
            if re.fullmatch(r"@\d+", line):
                at = int(line[1:])
            elif at is not None and out[at] is None and "ERROR:" in line:
                out[at] = line.partition("ERROR:")[2].strip()
        assert at is None or at == len(statements) - 1, "psql did not come to the end"
        return out


@contextlib.contextmanager
def start():
    bin_folder = programs()
    # A short name: the path of a Unix socket has at most 107 bytes.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mlean-pg", dir="/tmp"))
    user = []
    if os.getuid() == 0:  # whom PostgreSQL does not serve
        shutil.chown(folder, "nobody")
        user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]
    server = Server(bin_folder, folder, user)
    try:
        data = str(folder / "data")
        server.must("initdb", "-D", data, "-U", "mlean", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c shared_buffers=16MB"
        server.must("pg_ctl", "-D", data, "-l", str(folder / "log"), "-o", settings, "-w", "-t", "60", "start")
        try:
            yield server
        finally:
            server.must("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
