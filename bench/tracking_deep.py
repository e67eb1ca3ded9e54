"""`tracking-100m`: whether a store of 100 M points of metrics stays as fast as a small one.

1,000 runs × 20 keys × 5,000 steps are logged through the API, as clients do, and the same questions asked when a hundredth is there and when all is.
The real server is not beside it: by its own speed (`tracking`) it would be filled in hours.
"""

import json
import multiprocessing
import statistics
import time
import urllib.parse

import tracking_data
from cases import Row
from programs import Failed
from tracking_sides import API, PAGE, PER_BATCH, Link, encoded, mlean_program, with_text

STEPS = 5000  # of each key of each run
PER_RUN = STEPS * len(tracking_data.KEYS)
TURNS = 97


def bodies(run, run_id):
    """All batches of a run. Its values come again after some steps, so that to make them is not what takes the time."""
    heads = [[f'{{"key":"{name}","value":{tracking_data.value(run * TURNS + turn, key)!r},' for key, name in enumerate(tracking_data.KEYS)] for turn in range(TURNS)]
    steps = PER_BATCH // len(tracking_data.KEYS)
    for first in range(0, STEPS, steps):
        points = []
        for step in range(first, first + steps):
            tail = f'"timestamp":{tracking_data.START_MS + step},"step":{step}}}'
            points += [head + tail for head in heads[step % TURNS]]
        yield with_text("POST", API + "runs/log-batch", f'{{"run_id":"{run_id}","metrics":[{",".join(points)}]}}'.encode())


def fill(port, runs):
    """One client's part."""
    link = Link(port)
    for number, run_id in runs:
        for body in bodies(number, run_id):
            link.ask(body)
    link.close()


def fill_by_two(port, runs):
    """Points per second."""
    begin = time.perf_counter()
    clients = [multiprocessing.Process(target=fill, args=(port, runs[part::2])) for part in range(2)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if any(client.exitcode for client in clients):
        raise Failed("a client that logs has failed")
    return len(runs) * PER_RUN / (time.perf_counter() - begin)


def new_runs(port, first, count):
    link = Link(port)
    made = []
    for number in range(first, first + count):
        body = {"experiment_id": "0", "start_time": tracking_data.START_MS + number}
        made.append((number, json.loads(link.ask(encoded("POST", API + "runs/create", body)))["run"]["info"]["run_id"]))
    link.close()
    return made


def get(path, **query):
    return encoded("GET", API + path + "?" + urllib.parse.urlencode(query, doseq=True))


def questions(runs):
    """Each with what the answer must hold so often."""
    ids = [run_id for _, run_id in runs]
    some = [ids[n * len(ids) // 10] for n in range(10)]
    point = {"key": "m00", "value": len(ids), "timestamp": tracking_data.START_MS}
    search = {"experiment_ids": ["0"], "filter": "metrics.m03 >= 0", "order_by": ["metrics.m05 DESC"], "max_results": 100}
    return {
        "history of 5,000 points": [(get("metrics/get-history", run_id=one, metric_key="m07", max_results=PAGE), b'"timestamp"', STEPS) for one in some],
        "chart of 10 runs": [(get("metrics/get-history-bulk-interval", run_ids=some, metric_key=f"m{n:02}", max_results=320), b'"step"', 320) for n in range(10)],
        "runs/get": [(get("runs/get", run_id=one), b'"timestamp"', len(tracking_data.KEYS)) for one in some],
        "runs/search by two metrics": [(encoded("POST", API + "runs/search", search), b'"run_id"', 1)] * 10,
        "durable log-metric": [(encoded("POST", API + "runs/log-metric", point | {"run_id": some[n % 10], "step": STEPS + n}), b"{", 1) for n in range(200)],
    }


def ask(port, runs):
    """Milliseconds of each question, the middle one."""
    spans = {}
    for title, requests in questions(runs).items():
        link, took = Link(port), []
        for asked, word, least in requests:
            begin = time.perf_counter()
            answer = link.ask(asked)
            took.append((time.perf_counter() - begin) * 1000)
            if answer.count(word) < least:
                raise Failed(f"{title}: {answer.count(word)} {word} of {least}")
        link.close()
        spans[title] = statistics.median(took)
    return spans


def deep(bench):
    folder = bench.folder / "deep"
    count = bench.times(1000, 20)
    few = max(10, count // 100)
    with mlean_program(folder) as server:
        server.until_answers("/health")
        runs = new_runs(server.port, 0, few)
        fill_by_two(server.port, runs)
        small = ask(server.port, runs)
        more = new_runs(server.port, few, count - few)
        rate = fill_by_two(server.port, more)
        runs += more
        large = ask(server.port, runs)
        peak = server.resident_mb()["rss"]
    size = sum(file.stat().st_size for file in (folder / "mlean/.mlean").glob("mlean.db*"))
    with mlean_program(folder) as server:
        first_answer = server.until_answers("/health")
        idle = server.resident_mb()["rss"]
    points = count * PER_RUN
    title = f"{points / 1e6:,.0f} M points: "
    rows = [
        Row(title + "logged by 2 clients", rate, "points/s", raw={"points": points}),
        Row(title + "on disk", size / points, "bytes a point", raw={"bytes": size}),
        Row(title + "resident after all questions", peak, "MB"),
        Row(title + "start to the first answer", first_answer * 1000, "ms", budget="≤ 94 ms", passed=first_answer <= 0.094),
        Row(title + "idle after a start", idle, "MB", budget="≤ 30 MB", passed=idle <= 30),
    ]
    for name, took in large.items():
        before = small[name]
        row = Row(title + name, took, "ms", before, f"with {few * PER_RUN / 1e6:,.1f} M", took / before)
        if not name.startswith("runs/search"):  # of runs there are a hundred times as many
            row.budget, row.passed = "≤ 3 × those", took <= 3 * before
        rows.append(row)
    return rows


PARTS = {"tracking-100m": deep}
