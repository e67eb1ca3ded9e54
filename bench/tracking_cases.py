"""`tracking`: the tracking server beside the real `mlflow server`, asked the same in one run, by turns.

The real one is .deps/mlflow3/bin/mlflow (`./dev conformance` installs it), or MLFLOW_BIN, with a SQLite file as here and a worker for each core.
Requests are made by wrk or by sockets of this program with bodies that are ready before the clock starts, so that the load costs little.
"""

import contextlib
import json
import os
import pathlib
import re
import sqlite3
import statistics
import tempfile
import time
import urllib.parse

import tracking_data
from cases import Row
from programs import Failed, Program, free_port, run
from tracking_sides import API, MB, PAGE, Link, both, encoded, memory_mb, mlean_program, mlflow_program, rate_row, time_row
from tracking_writes import full_sync, metrics_in


# ---------------------------------------------------------------- start and memory
def start(bench, folder):
    """Of servers whose stores are there already."""
    with both(folder):
        pass
    spans, idle = {"mlean": [], "mlflow": []}, {}
    for i in range(bench.times(3, 1)):
        for name, make in (("mlean", mlean_program), ("mlflow", mlflow_program)):
            with make(folder) as program:
                spans[name].append(program.until_answers("/health", 180) * 1000)
                time.sleep(1)  # idle is what is left when nothing happens
                idle[name] = memory_mb(program.process.pid, "VmRSS")
    ours, theirs = (statistics.median(spans[name]) for name in ("mlean", "mlflow"))
    rss = idle["mlean"]
    return [
        time_row("tracking server: exec to first 200 of /health", ours, theirs, 50, raw=spans),
        Row("tracking server: idle resident memory", rss, "MB", idle["mlflow"], "mlflow", idle["mlflow"] / rss, "≤ 30 MB", rss <= 30),
    ]


# ---------------------------------------------------------------- questions
def spans_ms(side, requests):
    """Of each request, one after the other on one connection."""
    link = Link(side.port)
    out = []
    try:
        for request in requests:
            begin = time.perf_counter()
            link.ask(request)
            out.append((time.perf_counter() - begin) * 1000)
    finally:
        link.close()
    return out


def p99(spans):
    return sorted(spans)[max(0, -(-len(spans) * 99 // 100) - 1)]


def search_body(experiment, number):
    return {
        "experiment_ids": [str(experiment)],
        "filter": f"metrics.m03 > {0.5 + number % 40 / 100:.2f} and params.depth = '{number % 16}'",
        "order_by": ["metrics.m07 DESC"],
        "max_results": 100,
    }


HAND_WRITTEN = """
SELECT r.no FROM runs r JOIN latest_metrics a ON a.run = r.no AND a.key = ?1 JOIN params p ON p.run = r.no AND p.key = 'depth'
LEFT JOIN latest_metrics o ON o.run = r.no AND o.key = ?2
WHERE r.experiment = ?3 AND r.deleted = 0 AND a.value > ?4 AND p.value = ?5 ORDER BY o.value DESC, r.start_time DESC, r.run_id LIMIT 100
"""


def hand_written(database, experiment, count):
    """Milliseconds of the same question asked of mlean's tables without a server between, with all that an answer holds."""
    out = []
    with contextlib.closing(sqlite3.connect(database)) as link:
        keys = dict(link.execute("SELECT key, no FROM metric_keys"))
        for number in range(count):
            begin = time.perf_counter()
            values = (keys["m03"], keys["m07"], experiment, 0.5 + number % 40 / 100, str(number % 16))
            found = [row[0] for row in link.execute(HAND_WRITTEN, values)]
            for each in found:
                link.execute("SELECT * FROM runs WHERE no = ?", (each,)).fetchall()
                link.execute("SELECT key, value, time, step FROM latest_metrics WHERE run = ?", (each,)).fetchall()
                link.execute("SELECT key, value FROM params WHERE run = ?", (each,)).fetchall()
            out.append((time.perf_counter() - begin) * 1000)
    return out


def run_search(bench, sides):
    ours, theirs = sides
    runs, experiment = bench.times(100_000, 10_000), 7
    for side in sides:
        side.fill(lambda tables, database: (tables.experiment(database, experiment, "many"), tables.runs(database, experiment, runs)))
    count = bench.times(200, 50)
    requests = [encoded("POST", API + "runs/search", search_body(experiment, number)) for number in range(count)]
    found = [[run["info"]["run_id"] for run in side.ask("POST", "runs/search", search_body(experiment, 3))["runs"]] for side in sides]
    if found[0] != found[1]:
        raise Failed("runs/search of both gives not the same runs")
    mine = spans_ms(ours, requests)
    limits = hand_written(ours.database, experiment, count)
    his = spans_ms(theirs, requests[: bench.times(3, 4)])  # of half a minute each
    title = f"runs/search, filter and order over {runs:,} runs × 20 metrics"
    raw = {"mlean_ms": mine, "mlflow_ms": his, "limit_ms": limits}
    p50 = statistics.median
    return [
        time_row(title + ", p99", p99(mine), p99(his), 50, p99(limits), "hand-written SQL", raw=raw),
        time_row(title + ", p50", p50(mine), p50(his), 50, p50(limits), "hand-written SQL"),
    ]


def whole_history(side, run):
    """Seconds and points of a history read as MLflow's client reads it."""
    link, token, points = Link(side.port), "", 0
    begin = time.perf_counter()
    try:
        while True:
            query = {"run_id": run, "metric_key": "long", "max_results": PAGE} | ({"page_token": token} if token else {})
            body = link.ask(encoded("GET", API + "metrics/get-history?" + urllib.parse.urlencode(query)))
            points += body.count(b'"timestamp"')  # to parse it is the client's work
            next_page = re.search(rb'"next_page_token": ?"([^"]+)"', body)
            if not next_page:
                return time.perf_counter() - begin, points
            token = next_page[1].decode()
    finally:
        link.close()


def history(bench, sides):
    points = bench.times(1_000_000, 100_000)
    spans = []
    for side in sides:
        run = side.new_run()
        side.fill(lambda tables, database: tables.history(database, run, points))
        span, got = whole_history(side, run)
        if got != points:
            raise Failed(f"the history of {side.name} has {got} points of {points}")
        spans.append(span * 1000)
    return [time_row(f"metric history of {points:,} points, by pages of 25,000", spans[0], spans[1], 20)]


def registry(bench, sides):
    ours, theirs = sides
    models = bench.times(100, 10)
    for side in sides:
        side.fill(lambda tables, database: tables.versions(database, models, 100))
    questions = {
        f"model-versions/search over {models * 100:,} versions": [
            {"filter": f"name LIKE 'model-0%' AND tags.team = 'ops' AND run_id = '{tracking_data.run_id(4 * n + 4)}'", "max_results": 100} for n in range(20)
        ],
        f"model-versions/search, 100 newest of {models * 100:,}": [{"filter": "", "order_by": ["last_updated_timestamp DESC"], "max_results": 100}] * 20,
        f"registered-models/search, page of {models * 100:,} versions": [{"filter": "name LIKE 'model-%'", "order_by": ["name DESC"], "max_results": 100}] * 20,
    }
    rows = []
    for title, asked in questions.items():
        path = API + title.split(",")[0].split(" ")[0] + "?"
        requests = [encoded("GET", path + urllib.parse.urlencode(query, doseq=True)) for query in asked]
        mine, his = spans_ms(ours, requests * 2), spans_ms(theirs, requests[: bench.times(20, 5)])
        rows.append(time_row(title, statistics.median(mine), statistics.median(his), 20, raw={"mlean_ms": mine, "mlflow_ms": his}))
    return rows


# ---------------------------------------------------------------- artifacts
def upload(port, path, file):
    """Seconds."""
    size = file.stat().st_size
    link = Link(port)
    begin = time.perf_counter()
    with open(file, "rb") as data:
        link.socket.sendall(b"PUT %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % (path.encode(), size))
        link.socket.sendfile(data)
        status, length = link.head()
        answer = link.stream.read(length or 0)
    link.close()
    if status not in (200, 201, 204):
        raise Failed(f"the upload to {path} was answered {status}: {answer[:300].decode(errors='replace')}")
    return time.perf_counter() - begin


def download(port, path, size):
    """Seconds; the body is counted, not looked at. With or without a Content-Length: mlflow sends chunks."""
    link, got = Link(port), 0
    begin = time.perf_counter()
    link.socket.sendall(b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" % path.encode())
    status, _ = link.head()
    buffer = memoryview(bytearray(1 << 20))
    while got < size and (more := link.stream.readinto(buffer)):
        got += more
    span = time.perf_counter() - begin
    link.close()
    if status != 200 or got < size:
        raise Failed(f"the download was answered {status} and gave {got} bytes of {size}")
    return span


def plain_files(folder):
    """nginx taking and giving the same files."""
    port = free_port()
    for name in ("files", "tmp"):
        (folder / "nginx" / name).mkdir(parents=True)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx/nginx.conf").write_text(f"""daemon off; {user} worker_processes {os.cpu_count()}; pid nginx.pid; error_log stderr error;
events {{ worker_connections 64; }}
http {{ access_log off; sendfile on; client_max_body_size 0; client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp;
scgi_temp_path tmp;
server {{ listen 127.0.0.1:{port}; location = /health {{ return 200 'OK'; }} location / {{ root {folder}/nginx/files; dav_methods PUT; create_full_put_path on; }} }} }}
""")
    return Program(["/usr/sbin/nginx", "-p", folder / "nginx", "-c", "nginx.conf"], folder, port, folder / "nginx.log")


def large_artifact(bench, folder, sides):
    ours, theirs = sides
    size = bench.times(1000, 100) * MB
    ups, downs, grown = {"mlean": [], "mlflow": [], "nginx": []}, {"mlean": [], "mlflow": [], "nginx": []}, 0.0
    route = "/api/2.0/mlflow-artifacts/artifacts/"
    pid = ours.program.process.pid
    with plain_files(folder) as nginx:
        nginx.until_answers("/health")
        targets = [("mlean", ours.port, route), ("nginx", nginx.port, "/"), ("mlflow", theirs.port, route)]
        for i in range(bench.times(5, 2)):
            file = folder / f"large-{i}"
            with open(file, "wb") as out:
                for _ in range(size // MB):
                    out.write(os.urandom(MB))
            for name, port, prefix in targets[i % 3 :] + targets[: i % 3]:  # virtual machines take a burst, and then less
                os.sync()  # what was written is not theirs to wait for
                path = f"{prefix}0/large-{i}"
                before = memory_mb(pid, "VmRSS")
                pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew
                ups[name].append(size / upload(port, path, file) / MB)
                downs[name].append(size / download(port, path, size) / MB)
                if name == "mlean":
                    grown = max(grown, memory_mb(pid, "VmHWM") - before)
            file.unlink()
    rows, mid = [], statistics.median
    for verb, got in (("upload", ups), ("download", downs)):
        title = f"artifact {verb}, {size // MB:,} MB"
        rows.append(rate_row(title, "MB/s", mid(got["mlean"]), mid(got["mlflow"]), 3, mid(got["nginx"]), "nginx", 0.7, got))
    rows.append(Row("artifact up and down: memory beyond the idle server's", grown, "MB", budget="≤ 10 MB", passed=grown <= 10))
    return rows


def artifact_list(bench, folder, sides):
    ours, theirs = sides
    count, spans = 1000, []
    for side in sides:
        made = side.ask("POST", "runs/create", {"experiment_id": "0", "start_time": tracking_data.START_MS})["run"]["info"]
        place = made["artifact_uri"].removeprefix("mlflow-artifacts:/")
        if side is theirs:
            files = folder / "mlflow/artifacts" / place / "many"
            files.mkdir(parents=True)
            for i in range(count):
                (files / f"f{i:04}.txt").write_bytes(b"%d" % i)
        else:
            link = Link(side.port)
            for i in range(count):
                link.ask(encoded("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{place}/many/f{i:04}.txt", i))
            link.close()
        path = f"{API}artifacts/list?run_id={made['run_id']}&path=many"
        link = Link(side.port)
        if len(json.loads(link.ask(encoded("GET", path)))["files"]) != count:
            raise Failed(f"{side.name} does not list all {count} artifacts")
        link.close()
        spans.append(spans_ms(side, [encoded("GET", path)] * bench.times(20, 5)))
    return [time_row(f"artifacts/list of {count:,} files", statistics.median(spans[0]), statistics.median(spans[1]), 5)]


def tracking(bench):
    folder = bench.folder / "tracking"
    folder.mkdir()
    rows = start(bench, folder / "start")
    with both(folder) as sides:
        rows += metrics_in(bench, folder, sides)
        rows += run_search(bench, sides)
        rows += history(bench, sides)
        rows += registry(bench, sides)
        rows += large_artifact(bench, folder, sides)
        rows += artifact_list(bench, folder, sides)
        rows += full_sync(bench, folder, sides[1])
    return rows


def part(measure):
    """A case of its own of one of the rows of `tracking`."""

    def case(bench):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tracking-", dir=bench.folder))
        with both(folder) as sides:
            return measure(bench, folder, sides)

    return case


CASES = {"tracking": tracking}
PARTS = {"tracking-history": part(lambda bench, _, sides: history(bench, sides)), "tracking-files": part(large_artifact)}
