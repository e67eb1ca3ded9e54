"""The two tracking servers of the benchmark, how they are asked, and rows of its report."""

import contextlib
import json
import os
import pathlib
import socket

import tracking_data
from cases import Row, judge
from programs import MLEAN, TOP, Failed, Program, free_port

MLFLOW = pathlib.Path(os.environ.get("MLFLOW_BIN", TOP / ".deps/mlflow3/bin/mlflow"))
API = "/api/2.0/mlflow/"
PER_BATCH = 1000
PAGE = 25_000  # points of a history that MLflow's client asks for at a time
MB = 1_000_000


def processes(pid):
    """`pid` and all that descend from it."""
    found = [pid]
    for each in found:
        with contextlib.suppress(OSError):
            for task in pathlib.Path(f"/proc/{each}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def memory_mb(pid, field):
    total = 0
    for each in processes(pid):
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{each}/status").read_text().splitlines():
                if line.startswith(field + ":"):
                    total += int(line.split()[1]) * 1024 / MB
    return total


class Link:
    """A keep-alive connection that sends bytes which are ready."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=900)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb", buffering=1 << 16)

    def close(self):
        self.stream.close()
        self.socket.close()

    def head(self):
        """Status and length; None: the body comes in chunks."""
        status = int(self.stream.readline().split()[1])
        length = 0
        while (line := self.stream.readline()) not in (b"\r\n", b""):
            name, _, rest = line.lower().partition(b":")
            if name == b"content-length":
                length = int(rest)
            if name == b"transfer-encoding":
                length = None
        return status, length

    def chunks(self):
        while size := int(self.stream.readline(), 16):
            yield self.stream.read(size)
            self.stream.readline()
        self.stream.readline()

    def ask(self, request):
        self.socket.sendall(request)
        status, length = self.head()
        body = b"".join(self.chunks()) if length is None else self.stream.read(length)
        if status != 200:
            raise Failed(f"answered {status}: {body[:400].decode(errors='replace')}")
        return body


def encoded(method, path, body=None):
    return with_text(method, path, b"" if body is None else json.dumps(body).encode())


def with_text(method, path, data):
    return b"%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (method.encode(), path.encode(), len(data)) + data


class Side:
    """One of the two servers, running."""

    def __init__(self, name, tables, database, program):
        self.name, self.tables, self.database, self.program = name, tables, database, program
        self.port = program.port

    def ask(self, method, path, body=None):
        link = Link(self.port)
        try:
            return json.loads(link.ask(encoded(method, API + path, body)))
        finally:
            link.close()

    def new_run(self, experiment="0"):
        made = self.ask("POST", "runs/create", {"experiment_id": experiment, "start_time": tracking_data.START_MS})
        return made["run"]["info"]["run_id"]

    def fill(self, what):
        with tracking_data.filling(self.database) as database:
            what(self.tables, database)


def environment():
    return {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "DO_NOT_TRACK": "true"}


def mlean_program(folder, *options):
    root = folder / "mlean"
    root.mkdir(parents=True, exist_ok=True)
    port = free_port()
    return Program([MLEAN, "server", "--root", root, "--listen", f"127.0.0.1:{port}", *options], root, port, folder / "mlean.log")


def mlflow_program(folder):
    if not MLFLOW.exists():
        raise Failed("the real mlflow is not there: ./dev conformance, or set MLFLOW_BIN")
    root = folder / "mlflow"
    root.mkdir(parents=True, exist_ok=True)
    port = free_port()
    words = ["env", *(f"{key}={word}" for key, word in environment().items()), MLFLOW, "server", "--host", "127.0.0.1", "--port", port]
    words += ["--workers", os.cpu_count(), "--backend-store-uri", f"sqlite:///{root}/db", "--artifacts-destination", root / "artifacts"]
    return Program(words, root, port, folder / "mlflow.log")


@contextlib.contextmanager
def both(folder):
    with mlflow_program(folder) as theirs, mlean_program(folder) as ours:
        ours.until_answers("/health")
        theirs.until_answers("/health", 180)
        yield (
            Side("mlean", tracking_data.Mlean, folder / "mlean/.mlean/mlean.db", ours),
            Side("mlflow", tracking_data.Mlflow, folder / "mlflow/db", theirs),
        )


def rate_row(title, unit, ours, theirs, goal, limit=None, limit_name="", near=0.5, raw=None):
    """Higher is better: `goal` times mlflow's, and `near` of the limit."""
    parts, passed, by_limit = [], None, False
    if goal:
        parts.append(f"≥ {goal} ×")
        passed, by_limit = judge(ours / theirs, goal, limit / theirs if limit else None)
    what = "mlflow"
    if limit:
        what += f"; {limit_name} {limit:,.0f}"
        parts.append(f"≥ {near} × {limit_name}")
        passed = passed is not False and ours >= near * limit
    return Row(title, ours, unit, theirs, what, ours / theirs, " and ".join(parts), passed, raw or {}, by_limit)


def time_row(title, ours, theirs, goal, limit=None, limit_name="", near=2, raw=None):
    """Milliseconds, lower is better."""
    parts, passed, by_limit = [], None, False
    if goal:
        parts.append(f"≥ {goal} × faster")
        passed, by_limit = judge(theirs / ours, goal, theirs / limit if limit else None)
    what = "mlflow"
    if limit:
        what += f"; {limit_name} {limit:,.2f}"
        parts.append(f"≤ {near} × {limit_name}")
        passed = passed is not False and ours <= near * limit
    return Row(title, ours, "ms", theirs, what, theirs / ours, " and ".join(parts), passed, raw or {}, by_limit)
