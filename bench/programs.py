"""The programs that are measured and those beside them: started, asked, and stopped by their own handles.

Everything listens on loopback, on a port that was free a moment ago, and keeps its files in a temporary folder.
"""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
MLEAN = pathlib.Path(os.environ.get("MLEAN_BIN", TOP / "build/mlean")).resolve()
STOP_SECONDS = 15


class Failed(Exception):
    """A measurement that could not be taken: says what failed."""


def environment():
    """Of a user without settings of his own."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR", "MLEAN_LIB_DIR")}
    who = {"NAME": "Bench", "EMAIL": "bench@example.com"}
    return kept | {f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in who.items()} | {"NO_COLOR": "1"}


def run(*command, cwd=None, timeout=600):
    """The standard output of a command that must succeed."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=timeout)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise Failed(f"cannot run '{words[0]}': {problem}") from problem
    if done.returncode != 0:
        raise Failed(f"'{' '.join(words)}' ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-600:]}")
    return done.stdout


def wall_ms(*command, cwd=None, expect=0):
    """Milliseconds from exec to exit, output to nowhere."""
    words = [str(word) for word in command]
    with contextlib.chdir(cwd) if cwd else contextlib.nullcontext():
        quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
        start = time.perf_counter()
        pid = os.posix_spawn(words[0], words, environment(), file_actions=quiet)
        _, status = os.waitpid(pid, 0)
        span = (time.perf_counter() - start) * 1000
    if os.waitstatus_to_exitcode(status) != expect:
        raise Failed(f"'{' '.join(words)}' ended with {os.waitstatus_to_exitcode(status)}")
    return span


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_ticks(pid):
    # The name in brackets may hold blanks; utime and stime are fields 14 and 15.
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


class Program:
    """A child in a process group of its own, stopped on leaving the `with`."""

    def __init__(self, command, cwd, port, log):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self.started = time.perf_counter()
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                cwd=cwd,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):  # whatever is left of its own group
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def until_answers(self, path, seconds=30):
        """Seconds from exec to the first 200."""
        request = f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode()
        while time.perf_counter() - self.started < seconds:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as link:
                link.sendall(request)
                if link.recv(64).startswith(b"HTTP/1.1 200"):
                    return time.perf_counter() - self.started
            time.sleep(0.0002)  # between two questions
        raise Failed(f"'{self.process.args[0]}' does not answer {path}: {self.log.read_text(errors='replace')[-600:]}")

    def resident_mb(self):
        """{rss, anonymous} in MB of 10^6 bytes."""
        status = dict(
            line.split(":", 1) for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        )
        return {
            k: int(status[name].split()[0]) * 1024 / 1e6 for k, name in (("rss", "VmRSS"), ("anonymous", "RssAnon"))
        }

    def cpu_seconds(self):
        """Spent so far by it and its direct children."""
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(cpu_ticks(each) for each in [pid, *children]) / os.sysconf("SC_CLK_TCK")


def start_server(root, log):
    port = free_port()
    return Program([MLEAN, "server", "--root", root, "--listen", f"127.0.0.1:{port}"], root, port, log)


def start_nginx(folder, answers):
    """nginx that answers each path of `answers` with a constant: the least work a server can do for a request."""
    port = free_port()
    (folder / "tmp").mkdir(parents=True)
    workers = os.cpu_count()
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = " ".join(f"{kind}_temp_path tmp;" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    places = "\n".join(
        f"location = {path} {{ default_type application/json; return 200 '{body}'; }}" for path, body in answers.items()
    )
    (
        folder / "nginx.conf"
    ).write_text(f"""daemon off; {user} worker_processes {workers}; pid nginx.pid; error_log stderr error;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; {temporary}
server {{ listen 127.0.0.1:{port}; server_tokens off;
location = /health {{ return 200 'OK'; }}
{places}
}} }}
""")
    return Program(["/usr/sbin/nginx", "-p", folder, "-c", "nginx.conf"], folder, port, folder / "log")


WRK_SCRIPT = """
wrk.method = {method}
wrk.body = {body}
wrk.headers["Content-Type"] = "application/json"
function done(summary, latency, requests)
  io.write(string.format('WRK {{"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"max_us":%d,"bad_status":%d,"broken":%d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


def wrk_script(folder, name, body):
    """A script file for wrk: POST `body`, or GET when it is None."""
    path = folder / f"{name}.lua"
    text = "nil" if body is None else "[==[" + body + "]==]"
    path.write_text(WRK_SCRIPT.format(method='"GET"' if body is None else '"POST"', body=text))
    return path


def wrk_command(script, url, connections, seconds):
    return ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url]


def wrk_figures(output):
    for line in output.splitlines():
        if line.startswith("WRK "):
            figures = json.loads(line[4:])
            return figures | {"per_second": figures["requests"] / figures["duration_us"] * 1e6}
    raise Failed(f"wrk printed no figures: {output[-300:]}")


def wrk(script, url, connections, seconds, program):
    """Figures of one stretch of load, with the CPU time that `program` spent on each request."""
    before = program.cpu_seconds()
    figures = wrk_figures(run(*wrk_command(script, url, connections, seconds)))
    figures["cpu_us"] = (program.cpu_seconds() - before) * 1e6 / max(1, figures["requests"])
    return figures
