"""The measurements. Each takes a Bench and returns Rows; what is compared runs in turns, so that a busy machine hits both alike."""

import dataclasses
import http.client
import json
import os
import pathlib
import random
import re
import socket
import statistics
import subprocess
import threading
import time
import urllib.request

import programs
from programs import MLEAN, TOP, Failed, run

HEAVY = re.compile(r"duckdb|xgboost|onnx|boost|libcurl|libgomp")  # must be opened on first use, not at start


@dataclasses.dataclass
class Row:
    """One line of the table: a figure, what stands beside it, and whether the budget is kept (None: no budget)."""

    name: str
    value: float
    unit: str
    beside: float | None = None  # the limit or the replaced tool, in the same unit
    what: str = ""  # what `beside` is
    ratio: float | None = None
    budget: str = ""
    passed: bool | None = None
    raw: dict = dataclasses.field(default_factory=dict)
    by_limit: bool = False  # kept because the limit is reached, not the goal


def judge(faster, goal, limit_faster=None):
    """Whether a goal (× the replaced tool) is kept, and whether by the limit: where the limit itself does not reach the goal on this machine,
    it is kept by what is no slower than the limit (docs/adr/0019)."""
    if faster >= goal:
        return True, False
    by_limit = limit_faster is not None and limit_faster < goal and faster >= limit_faster
    return by_limit, by_limit


@dataclasses.dataclass
class Bench:
    folder: pathlib.Path  # scratch
    quick: bool
    project: pathlib.Path | None = None

    def times(self, full, quick):
        return quick if self.quick else full


# ---------------------------------------------------------------- start of a verb
def loaded_libraries(binary):
    """Names and sizes of what `binary version` maps, those opened by dlopen too."""
    done = subprocess.run(
        [binary, "version"],
        env=programs.environment() | {"LD_DEBUG": "files"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    paths = {match for match in re.findall(r"calling init: (\S+)", done.stderr)}
    return {os.path.basename(path): os.path.getsize(path) for path in sorted(paths) if os.path.exists(path)}


def start(bench):
    source = bench.folder / "empty.cpp"
    source.write_text("int main() {}\n")
    empty = bench.folder / "empty"
    run("c++", "-O2", "-o", empty, source)
    commands = {"empty": [empty], "version": [MLEAN, "version"], "help": [MLEAN, "--help"]}
    spans = {name: [] for name in commands}
    for round_number in range(bench.times(60, 30) + 2):
        order = list(commands)
        for name in order[round_number % 3 :] + order[: round_number % 3]:
            span = programs.wall_ms(*commands[name])
            if round_number >= 2:  # the first two fill the page cache
                spans[name].append(span)
    libraries = loaded_libraries(MLEAN)
    heavy = [name for name in libraries if HEAVY.search(name)]
    limit = statistics.median(spans["empty"])
    rows = []
    for name, title in (("version", "start of `mlean version`"), ("help", "start of `mlean --help`")):
        value = statistics.median(spans[name])
        rows.append(
            Row(
                title,
                value,
                "ms",
                limit,
                "empty C++ program",
                value / limit,
                "≤ empty + 5 ms and ≤ 8 ms",
                value <= limit + 5 and value <= 8,
                {"ms": spans[name], "empty_ms": spans["empty"]},
            )
        )
    rows.append(
        Row(
            "libraries mapped by `mlean version`",
            len(libraries),
            "libraries",
            None,
            ", ".join(heavy),
            None,
            "none of DuckDB, XGBoost, ONNX, curl",
            not heavy,
            {"bytes": libraries},
        )
    )
    return rows


# ---------------------------------------------------------------- evaluator
def evaluator(bench):
    import fcntl

    with open(TOP / "build/.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run("ninja", "-C", TOP / "build/release", "-j2", "mlean_infer_bench", timeout=1800)
    rounds = []
    for _ in range(bench.times(3, 1)):
        text = run(TOP / "build/release/mlean_infer_bench", "--benchmark_filter=^Ratio/", "--benchmark_format=json")
        rounds.append({entry["name"].split("/")[1]: entry for entry in json.loads(text)["benchmarks"]})
    rows = []
    for count, title in (("1", "1 row"), ("1000", "1,000 rows")):
        got = [{key: each[count][key] for key in ("ours_ns_row", "theirs_ns_row", "times_faster")} for each in rounds]
        ours, theirs, faster = (statistics.median(each[key] for each in got) for key in got[0])
        alone = count == "1"
        rows.append(
            Row(
                f"evaluate {title}, 100 trees of depth 6",
                ours,
                "ns/row",
                theirs,
                "libxgboost in place",
                theirs / ours,
                "≥ 3 × faster and ≤ 2 µs" if alone else "≥ 1 ×",
                faster >= 3 and ours <= 2000 if alone else faster >= 1,
                {"rounds": got},
            )
        )
    return rows


# ---------------------------------------------------------------- a project with a champion
FEATURES = ["a", "b", "c", "d", "e", "f"]
CARRIERS = ["AA", "B6", "DL", "UA"]
ONE_ROW = {"a": 0.1, "b": -0.2, "c": 1.5, "d": 0.3, "e": 0.01, "f": -1, "carrier": "UA"}


def write_rows(path, count=20_000):
    chance = random.Random(1)
    with open(path, "w", encoding="ascii") as out:
        out.write(",".join(FEATURES) + ",carrier,label\n")
        for _ in range(count):
            x = [round(chance.gauss(0, 1), 4) for _ in FEATURES]
            carrier = chance.choice(CARRIERS)
            score = x[0] * x[1] + x[2] * x[3] + 0.3 * x[4] + (0.5 if carrier == "UA" else 0) + chance.gauss(0, 0.5)
            out.write(",".join(map(str, x)) + f",{carrier},{int(score > 0)}\n")


def project(bench):
    """A project whose champion has 100 trees of depth 6 over 7 features; version 2 differs a little. Made once."""
    if bench.project:
        return bench.project
    root = bench.folder / "project"
    root.mkdir()
    run("git", "init", "-q", ".", cwd=root)
    write_rows(root / "train.csv")
    run(MLEAN, "init", "--data", "train.csv", "--label", "label", "--model", "bench", cwd=root)
    params = (root / "params.yaml").read_text()
    for key, value in (("rounds", "100"), ("early_stopping_rounds", "0"), ("max_depth", "6")):
        params, changed = re.subn(rf"(?m)^(  {key}: )\S+", rf"\g<1>{value}", params)
        if changed != 1:
            raise Failed(f"params.yaml has no '{key}'")
    (root / "params.yaml").write_text(params)
    run(MLEAN, "loop", "run", cwd=root)
    (root / "params2.yaml").write_text(params.replace("seed: 42", "seed: 43").replace("eta: 0.1", "eta: 0.11"))
    second = bench.folder / "second.ubj"
    run(MLEAN, "train", "train.csv", "--label", "label", "--model", second, "--params", "params2.yaml", cwd=root)
    run(MLEAN, "models", "register", "bench", second, cwd=root)
    bench.project = root
    return root


def post(url, body):
    request = urllib.request.Request(url, data=body.encode(), headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return reply.read().decode()


def infer_body():
    inputs = [
        {"name": name, "shape": [1], "datatype": "BYTES" if isinstance(value, str) else "FP32", "data": [value]}
        for name, value in ONE_ROW.items()
    ]
    return json.dumps({"inputs": inputs})


# ---------------------------------------------------------------- server
def server_start(bench):
    root = project(bench)
    spans, idle = [], []
    for i in range(bench.times(10, 3)):
        with programs.start_server(root, bench.folder / f"start-{i}.log") as server:
            spans.append(server.until_answers("/health") * 1000)
            post(f"{server.url}/predict/bench", json.dumps(ONE_ROW))  # the model is there
            time.sleep(0.5)  # idle is what is left when nothing happens
            idle.append(server.resident_mb())
    value, rss = statistics.median(spans), max(each["rss"] for each in idle)
    return [
        Row(
            "server: exec to first 200 of /health",
            value,
            "ms",
            None,
            "",
            None,
            "≤ 94 ms (mlflow's 4.7 s / 50)",
            value <= 94,
            {"ms": spans},
        ),
        Row("server: idle resident memory, one model", rss, "MB", None, "", None, "≤ 30 MB", rss <= 30, {"mb": idle}),
    ]


def http_load(bench):
    root = project(bench)
    predict, infer = "/predict/bench", "/v2/models/bench/infer"
    bodies = {predict: json.dumps(ONE_ROW), infer: infer_body(), "/health": None}
    scripts = {
        path: programs.wrk_script(bench.folder, f"wrk{i}", body) for i, (path, body) in enumerate(bodies.items())
    }
    with programs.start_server(root, bench.folder / "load.log") as server:
        server.until_answers("/health")
        answers = {path: post(server.url + path, bodies[path]) for path in (predict, infer)}
        with programs.start_nginx(bench.folder / "nginx", answers) as nginx:
            nginx.until_answers("/health")
            for path, answer in answers.items():
                if post(nginx.url + path, bodies[path]) != answer:
                    raise Failed(f"nginx does not give the constant of {path}")
            rows = []
            for connections in (1, 32):
                rows += load_rows(bench, server, nginx, scripts, connections)
            after = server.resident_mb()
    rows.append(Row("server: resident memory after the load", after["rss"], "MB", raw=after))
    return rows


def load_rows(bench, server, nginx, scripts, connections):
    slices = bench.times(5, 2)
    got = {(path, who): [] for path in scripts for who in ("mlean", "nginx")}
    for i in range(slices):
        for path, script in scripts.items():
            sides = [("mlean", server), ("nginx", nginx)]
            for who, program in sides if i % 2 == 0 else reversed(sides):
                got[path, who].append(programs.wrk(script, program.url + path, connections, 1, program))
    rows = []
    for path in scripts:
        ours, theirs = got[path, "mlean"], got[path, "nginx"]
        middle = {
            who: {
                key: statistics.median(each[key] for each in figures)
                for key in ("per_second", "p50_us", "p99_us", "cpu_us")
            }
            for who, figures in (("mlean", ours), ("nginx", theirs))
        }
        # Of each pair, then the middle: what hits one slice hits its neighbour.
        ratio = statistics.median(a["per_second"] / b["per_second"] for a, b in zip(ours, theirs))
        wrong = sum(each["bad_status"] + each["broken"] for each in ours + theirs)
        kept = None if path == "/health" else ratio >= 0.6 and wrong == 0
        plural = "" if connections == 1 else "s"
        rows.append(
            Row(
                f"{'GET' if path == '/health' else 'POST'} {path}, {connections} connection{plural}",
                middle["mlean"]["per_second"],
                "requests/s",
                middle["nginx"]["per_second"],
                "nginx, the same bytes",
                ratio,
                "≥ 0.6 × nginx, 0 errors" if kept is not None else "",
                kept,
                {"middle": middle, "errors": wrong, "mlean": ours, "nginx": theirs},
            )
        )
    return rows


# ---------------------------------------------------------------- change of champion
class Caller(threading.Thread):
    """One keep-alive connection that asks without a pause; notes when the answering version changes and what failed."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.link = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = json.dumps(ONE_ROW).encode()
        self.request = b"POST /predict/bench HTTP/1.1\r\nHost: bench\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        self.changes = []  # (seconds, version)
        self.answers = self.failed = 0
        self.stop = threading.Event()

    def run(self):
        stream = self.link.makefile("rb")
        last = None
        while not self.stop.is_set():
            try:
                self.link.sendall(self.request)
                status = stream.readline()
                headers = http.client.parse_headers(stream)
                stream.read(int(headers["Content-Length"]))
            except (OSError, TypeError, ValueError, http.client.HTTPException):
                self.failed += 1
                return
            now = time.perf_counter()
            self.answers += 1
            self.failed += b" 200 " not in status
            version = headers["mlean-model-version"]
            if version != last:
                self.changes.append((now, version))
                last = version
        self.link.close()


def champion(bench):
    """Half of the changes by MLflow's API on an open connection, half by the verb, a whole process beside the load."""
    root = project(bench)
    swaps = bench.times(40, 12)
    script = programs.wrk_script(bench.folder, "swap", json.dumps(ONE_ROW))
    spans, calls = {"api": [], "verb": []}, {"api": [], "verb": []}
    with programs.start_server(root, bench.folder / "swap.log") as server:
        server.until_answers("/health")
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)

        def by_api(version):
            body = json.dumps({"name": "bench", "alias": "champion", "version": version})
            link.request("POST", "/api/2.0/mlflow/registered-models/alias", body, {"Content-Type": "application/json"})
            reply = link.getresponse()
            if reply.read() != b"{}" or reply.status != 200:
                raise Failed(f"the alias was refused: {reply.status}")

        def by_verb(version):
            programs.wall_ms(MLEAN, "-C", root, "models", "alias", "bench", "champion", version)

        caller = Caller(server.port)
        caller.start()
        load = subprocess.Popen(
            programs.wrk_command(script, f"{server.url}/predict/bench", 1, max(3, swaps // 4)),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            for i in range(swaps):
                time.sleep(0.1)
                version = "2" if i % 2 == 0 else "1"
                way, call = ("api", by_api) if i % 4 < 2 else ("verb", by_verb)
                seen = len(caller.changes)
                begin = time.perf_counter()
                call(version)
                calls[way].append((time.perf_counter() - begin) * 1000)
                while len(caller.changes) == seen and time.perf_counter() - begin < 5 and caller.is_alive():
                    time.sleep(0.0005)
                if len(caller.changes) != seen + 1 or caller.changes[-1][1] != version:
                    raise Failed(f"no answer of version {version} within 5 s of its promotion")
                spans[way].append((caller.changes[-1][0] - begin) * 1000)
            figures = programs.wrk_figures(load.communicate(timeout=60)[0])
        finally:
            load.kill()
            load.wait()
            caller.stop.set()
            caller.join(10)
            link.close()
    failed = caller.failed + figures["bad_status"] + figures["broken"]
    raw = {"ms": spans, "call_ms": calls, "answers": caller.answers + figures["requests"], "load": figures}
    value = {way: statistics.median(list) for way, list in spans.items()}
    call = {way: statistics.median(list) for way, list in calls.items()}
    what = "change of champion under load, call to first new answer"
    return [
        Row(f"{what}: by the API", value["api"], "ms", call["api"], "the call", None, "≤ 10 ms", value["api"] <= 10, raw),
        Row(f"{what}: by `mlean models alias`", value["verb"], "ms", call["verb"], "the call"),
        Row("change of champion: failed requests", failed, f"of {raw['answers']:,}", None, "", None, "0", failed == 0),
    ]


# ---------------------------------------------------------------- loop, audit, demo
def loop(bench):
    root = project(bench)
    run(MLEAN, "loop", "run", cwd=root)
    commands = {"turn": ["loop", "run"], "audit": ["audit", "verify"], "version": ["version"]}
    spans = {name: [] for name in commands}
    for _ in range(bench.times(15, 5)):
        for name, words in commands.items():
            spans[name].append(programs.wall_ms(MLEAN, *words, cwd=root))
    beside = statistics.median(spans["version"])
    return [
        Row(
            title,
            statistics.median(spans[name]),
            "ms",
            beside,
            "`mlean version`",
            statistics.median(spans[name]) / beside,
            "",
            None,
            {"ms": spans[name]},
        )
        for name, title in (
            ("turn", "`mlean loop run`, nothing to do (20,000 rows)"),
            ("audit", "`mlean audit verify`"),
        )
    ]


def demo(bench):
    begin = time.perf_counter()
    summary = json.loads(run(MLEAN, "demo", "flights", "--json", "--quiet", cwd=bench.folder))
    value = time.perf_counter() - begin
    requests = sum(month.get("requests", 0) for month in summary.get("months", []))
    intact = bool(summary.get("audit", {}).get("intact"))
    return [
        Row(
            "`mlean demo flights`, a year of flights",
            value,
            "s",
            None,
            "",
            None,
            "≤ 60 s, audit intact",
            value <= 60 and intact,
            {"requests": requests, "turns": len(summary.get("turns", [])), "audit": summary.get("audit")},
        )
    ]


CASES = {
    "start": start,
    "evaluator": evaluator,
    "server": server_start,
    "http": http_load,
    "champion": champion,
    "loop": loop,
    "demo": demo,
}
NOT_QUICK = {"demo"}
