"""Benchmarks of what is written to the tracking server: metrics, by batches and one by one."""

import contextlib
import pathlib
import sqlite3
import statistics
import subprocess
import threading
import time

import programs
import tracking_data
from programs import Failed, run
from tracking_sides import API, PER_BATCH, Link, Side, encoded, mlean_program, rate_row, time_row


def batch_body(run, number):
    """1,000 points, 20 keys in turn; each batch has steps of its own."""
    first = number * (PER_BATCH // 20)
    points = [
        {"key": tracking_data.KEYS[i % 20], "value": tracking_data.value(first, i), "timestamp": tracking_data.START_MS + first + i // 20, "step": first + i // 20}
        for i in range(PER_BATCH)
    ]
    return encoded("POST", API + "runs/log-batch", {"run_id": run, "metrics": points})


def at_once(jobs):
    """Seconds until all are done; each job is a function."""
    failures, ready = [], threading.Barrier(len(jobs) + 1)

    def work(job):
        ready.wait()
        try:
            job()
        except Exception as problem:  # told below, on the thread that waits
            failures.append(problem)

    threads = [threading.Thread(target=work, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    ready.wait()
    begin = time.perf_counter()
    for thread in threads:
        thread.join()
    if failures:
        raise Failed(str(failures[0]))
    return time.perf_counter() - begin


def log_batches(side, clients, batches):
    """Metrics per second."""
    jobs, links = [], []
    for _ in range(clients):
        run = side.new_run()
        link = Link(side.port)
        bodies = [batch_body(run, number) for number in range(batches)]
        links.append(link)
        jobs.append(lambda link=link, bodies=bodies: [link.ask(body) for body in bodies])
    span = at_once(jobs)
    for link in links:
        link.close()
    return clients * batches * PER_BATCH / span


def plain_writer(folder, batches, per_batch):
    """Rows per second of one program that writes the same rows into the same tables, and does nothing else."""
    path = folder / f"plain-{time.monotonic_ns()}.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute(
            "CREATE TABLE metrics(run INTEGER NOT NULL, key INTEGER NOT NULL, time INTEGER NOT NULL, step INTEGER NOT NULL, value REAL NOT NULL, "
            "is_nan INTEGER NOT NULL, PRIMARY KEY(run, key, time, step, value, is_nan)) WITHOUT ROWID"
        )
        database.execute(
            "CREATE TABLE latest_metrics(run INTEGER NOT NULL, key INTEGER NOT NULL, value REAL NOT NULL, is_nan INTEGER NOT NULL, time INTEGER NOT NULL, "
            "step INTEGER NOT NULL, PRIMARY KEY(run, key)) WITHOUT ROWID"
        )
        steps = max(per_batch // 20, 1)
        ready = [
            [(1, i % 20, tracking_data.START_MS + n * steps + i // 20, n * steps + i // 20, tracking_data.value(n * steps, i), 0) for i in range(per_batch)]
            for n in range(batches)
        ]
        begin = time.perf_counter()
        for rows in ready:
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT OR IGNORE INTO metrics VALUES(?, ?, ?, ?, ?, ?)", rows)
            database.executemany("INSERT OR REPLACE INTO latest_metrics(run, key, time, step, value, is_nan) VALUES(?, ?, ?, ?, ?, ?)", rows[-20:])
            database.execute("COMMIT")
        span = time.perf_counter() - begin
    return batches * per_batch / span


SINGLE = """
local step = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function request()
  step = step + 1
  return wrk.format(nil, nil, nil, string.format('{{"run_id":"{run}","key":"loss","value":0.5,"timestamp":%d,"step":%d}}', {base} + step, step))
end
"""


@contextlib.contextmanager
def plain_server(folder):
    """The address of a program that receives, writes with SQLite and answers, and does nothing else."""
    program = folder / "plain_server"
    run("c++", "-O2", "-std=c++20", "-o", program, pathlib.Path(__file__).parent / "plain_server.cpp", "-lsqlite3")
    process = subprocess.Popen([program, folder / "plain_server.db"], stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def log_single(bench, address, run_id, clients, seconds):
    """wrk's figures of single log-metric calls."""
    text = SINGLE + programs.WRK_SCRIPT[programs.WRK_SCRIPT.index("function done") :]
    script = bench.folder / f"single-{time.monotonic_ns()}.lua"
    script.write_text(text.format(run=run_id, base=tracking_data.START_MS))
    command = programs.wrk_command(script, address + API + "runs/log-metric", clients, seconds)
    figures = programs.wrk_figures(run(*command[:-1], "--timeout", "60s", command[-1]))
    if figures["bad_status"] or figures["broken"]:
        raise Failed(f"log-metric at {address}: {figures['bad_status']} refused, {figures['broken']} broken")
    return figures


def metrics_in(bench, folder, sides):
    ours, theirs = sides
    rows, rounds = [], bench.times(3, 1)
    for clients in (1, 8):
        mine, limits = [], []
        for _ in range(rounds):
            mine.append(log_batches(ours, clients, bench.times(400, 100) // clients))
            limits.append(plain_writer(folder, bench.times(400, 100), PER_BATCH))
        his = log_batches(theirs, clients, max(bench.times(40, 8) // clients, 1))
        plural = "s" if clients > 1 else ""
        title = f"log-batch of 1,000 metrics, {clients} client{plural}"
        mid = statistics.median
        rows.append(rate_row(title, "metrics/s", mid(mine), his, 20, mid(limits), "one SQLite writer", raw={"mlean": mine, "limit": limits}))
    with plain_server(folder) as limit:
        for clients in (1, 32):
            rows += singles_in(bench, sides, limit, clients)
    return rows


def per_second(figures):
    return statistics.median(each["per_second"] for each in figures)


def singles_in(bench, sides, limit, clients):
    ours, theirs = sides
    mine, limits = [], []
    for _ in range(bench.times(5, 2)):  # by turns, for what a switch between two idle cores costs changes by the minute
        mine.append(log_single(bench, ours.program.url, ours.new_run(), clients, bench.times(2, 1)))
        limits.append(log_single(bench, limit, "any", clients, bench.times(2, 1)))
    his = log_single(bench, theirs.program.url, theirs.new_run(), clients, bench.times(5, 2))
    title = f"durable log-metric, {clients} client{'s' if clients > 1 else ''}"
    raw = {"mlean": mine, "mlflow": his, "limit": limits}
    rows = [rate_row(title, "calls/s", per_second(mine), his["per_second"], 50, per_second(limits), "recv, SQLite, send", raw=raw)]
    if clients > 1:
        rows.append(time_row(title + ", p99", statistics.median(each["p99_us"] for each in mine) / 1000, his["p99_us"] / 1000, None))
    return rows


def full_sync(bench, folder, theirs):
    """`--sync full`: an answer promises that the row is on the disk, as with the real server's SQLite."""
    rows = []
    with mlean_program(folder / "full", "--sync", "full") as program:
        program.until_answers("/health")
        side = Side("mlean", tracking_data.Mlean, folder / "full/mlean/.mlean/mlean.db", program)
        for clients in (1, 32):
            mine, his = (log_single(bench, one.program.url, one.new_run(), clients, bench.times(3, 1)) for one in (side, theirs))
            plural = "s" if clients > 1 else ""
            title = f"log-metric with --sync full, {clients} client{plural}"
            rows.append(rate_row(title, "calls/s", mine["per_second"], his["per_second"], None, raw={"mlean": mine, "mlflow": his}))
    return rows
