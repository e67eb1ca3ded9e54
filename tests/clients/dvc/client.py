"""The two tools as a test sees them: `Tool` runs a command line of the real dvc or of mlean, for as long as it takes or until it is killed.

The real dvc runs through dvc_server.py, which saves the imports (0.1 s a call instead of 0.5 s). DVC_SPAWN=1 starts the script itself each time.
"""

import dataclasses
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = 120  # for one command


@dataclasses.dataclass
class Done:
    """A finished command."""

    words: list
    returncode: int
    stdout: str
    stderr: str

    @property
    def json(self):
        return json.loads(self.stdout)

    def __str__(self):
        return f"{' '.join(map(str, self.words))}: exit {self.returncode}\n--- stdout\n{self.stdout}--- stderr\n{self.stderr}"


class Process:
    """A command that runs: in a session of its own, so that killing it kills what it has started too."""

    def __init__(self, words, pid, wait, files):
        self.words, self.pid, self._wait, self._files = words, pid, wait, files
        self.returncode = None

    def poll(self, seconds=0.0):
        """The exit status, or None when it still runs after `seconds`."""
        if self.returncode is None:
            self.returncode = self._wait(seconds)
        return self.returncode

    def signal(self, number):
        for kill in (os.killpg, os.kill):  # the group exists only once the child has made it
            try:
                kill(self.pid, number)
                return
            except (ProcessLookupError, PermissionError):
                continue

    def kill(self):
        """SIGKILL to it and its children, as a power cut."""
        if self.poll() is None:
            self.signal(signal.SIGKILL)
        return self.finish()

    def finish(self, seconds=SECONDS):
        if self.poll(seconds) is None:
            self.signal(signal.SIGKILL)
            self.poll(10)
            raise AssertionError(f"{' '.join(map(str, self.words))} did not end in {seconds} s")
        texts = []
        for file in self._files:
            file.seek(0)
            texts.append(file.read().decode(errors="surrogateescape"))
            file.close()
        return Done(self.words, self.returncode, *texts)


class Spawner:
    """Starts a program by its path."""

    def __init__(self, binary):
        self.binary = pathlib.Path(binary)

    def start(self, argv, cwd, env, stdin, out, err):
        child = subprocess.Popen([str(self.binary), *argv], cwd=cwd, env=env, stdin=stdin, stdout=out, stderr=err, start_new_session=True)

        def wait(seconds):
            try:
                return child.wait(seconds) if seconds else child.poll()
            except subprocess.TimeoutExpired:
                return None

        return child.pid, wait

    def close(self):
        pass


class ForkServer:
    """The real dvc by way of dvc_server.py."""

    def __init__(self, binary):
        self.binary = pathlib.Path(binary)
        self.folder = tempfile.TemporaryDirectory(prefix="dvc-server-")
        self.path = f"{self.folder.name}/socket"
        env = {"HOME": self.folder.name, "PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1"}
        with open(f"{self.folder.name}/log", "wb") as log:
            self.server = subprocess.Popen(
                [str(self.binary.parent / "python"), str(HERE / "dvc_server.py"), self.path],
                stdin=subprocess.PIPE, stdout=log, stderr=log, env=env, cwd=self.folder.name, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while not os.path.exists(self.path):
            if self.server.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the dvc server does not start: {pathlib.Path(self.folder.name, 'log').read_text()}")
            time.sleep(0.02)  # between two questions

    def start(self, argv, cwd, env, stdin, out, err):
        connection = socket.socket(socket.AF_UNIX)
        for _ in range(500):
            try:
                connection.connect(self.path)
                break
            except (ConnectionRefusedError, BlockingIOError):
                time.sleep(0.01)  # bound, but not listening yet
        request = json.dumps({"argv": list(argv), "cwd": cwd, "env": env}).encode("utf-8", "surrogateescape")
        if stdin == subprocess.DEVNULL:
            stdin = os.open(os.devnull, os.O_RDONLY)
        else:
            stdin = os.dup(stdin)
        try:
            socket.send_fds(connection, [len(request).to_bytes(8, "big")], [stdin, out.fileno(), err.fileno()])
        finally:
            os.close(stdin)
        connection.sendall(request)
        answers = connection.makefile("rb")
        pid = json.loads(answers.readline())["pid"]

        def wait(seconds):
            if not select.select([connection], [], [], seconds)[0]:
                return None
            line = answers.readline()
            answers.close()
            connection.close()
            return os.waitstatus_to_exitcode(json.loads(line)["status"])

        return pid, wait

    def close(self):
        self.server.stdin.close()
        try:
            self.server.wait(10)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        self.folder.cleanup()


class Tool:
    """dvc or mlean in the hands of one user (the environment)."""

    def __init__(self, name, starter, env):
        self.name, self.starter, self.env = name, starter, env

    def __repr__(self):
        return self.name

    def start(self, *args, cwd, env=None, stdin=None):
        words = [os.fspath(word) if isinstance(word, os.PathLike) else str(word) for word in args]
        files = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
        with tempfile.TemporaryFile() as given:
            source = subprocess.DEVNULL
            if stdin is not None:
                given.write(stdin.encode())
                given.seek(0)
                source = given.fileno()
            pid, wait = self.starter.start(words, os.fspath(cwd), {**self.env, **(env or {})}, source, *files)
        return Process([self.name, *words], pid, wait, files)

    def __call__(self, *args, cwd, check=0, **options):
        """Runs to the end; `check`: the exit status that it must have, or None for any."""
        done = self.start(*args, cwd=cwd, **options).finish()
        assert check is None or done.returncode == check, f"not exit {check}: {done}"
        return done

    def of(self, env):
        """The same tool for another user."""
        return Tool(self.name, self.starter, env)


def user_env(home):
    """The environment of a user without any settings of his own, whose dates do not move and whom no proxy lets out of the machine."""
    for folder in ("tmp", "site"):
        (home / folder).mkdir(parents=True)
    kept = {k: v for k, v in os.environ.items() if k in ("LD_LIBRARY_PATH", "MLEAN_LIB_DIR", "ASAN_OPTIONS", "TSAN_OPTIONS")}
    libraries = HERE.parents[2] / ".deps/duckdb"
    if libraries.is_dir():
        kept.setdefault("MLEAN_LIB_DIR", str(libraries))
    dead = "http://127.0.0.1:9"
    return kept | {
        "HOME": str(home), "TMPDIR": str(home / "tmp"), "PATH": f"{HERE}/bin:{os.environ.get('PATH', '/usr/bin:/bin')}", "SHELL": "/bin/sh", "LANG": "C.UTF-8",
        "DVC_SITE_CACHE_DIR": str(home / "site"), "DVC_GLOBAL_CONFIG_DIR": str(home / "global"), "DVC_SYSTEM_CONFIG_DIR": str(home / "system"),
        "DVC_NO_ANALYTICS": "1", "CI": "true",  # CI: no question for a newer version
        "http_proxy": dead, "https_proxy": dead, "HTTP_PROXY": dead, "HTTPS_PROXY": dead, "no_proxy": "127.0.0.1,localhost",
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0", "NO_COLOR": "1", "TZ": "UTC",
        "GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.com", "GIT_AUTHOR_DATE": "2024-01-02T03:04:05+00:00",
        "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.com", "GIT_COMMITTER_DATE": "2024-01-02T03:04:05+00:00",
    }  # fmt: skip
