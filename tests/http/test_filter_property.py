"""Random filters, orders and page sizes over random runs: the server finds what a naive reading of the grammar finds, in its order."""

import functools
import operator
import os
import random
import re

import pytest
import requests

API = "/api/2.0/mlflow/"
SEEDS = range(int(os.environ.get("MLEAN_FILTER_SEEDS", "6")))
RUNS, FILTERS = 60, 60
KEYS = {"metrics": ["auc", "loss", "train/loss", "odd key"], "params": ["depth", "lr", "model.type"], "tags": ["team", "odd key", "mlflow.note"]}
TEXTS = ["a", "A", "ab", "aXb", "a%b", "a_b", "team ops", "ä", "Ä", "0.5", "", "it's", 'say "x"']
NUMBERS = [-1.5, 0.0, 0.25, 0.5, 1.0, 3.0, 1e9]
MISSING = object()
OPERATORS = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


# ---------------------------------------------------------------- the store
def make_runs(chance, live, experiment):
    """Runs at the server, and what they hold: {"run_id", "name", "start", "end", "status", "metrics", "params", "tags"}."""
    runs = []
    for number in range(RUNS):
        run = {"name": chance.choice(TEXTS[:8]) or "none", "start": chance.randint(1, 9) * 1000}
        made = requests.post(live.url + API + "runs/create", json={"experiment_id": experiment, "run_name": run["name"], "start_time": run["start"]}, timeout=30)
        run["run_id"] = made.json()["run"]["info"]["run_id"]
        for kind, keys in KEYS.items():
            values = NUMBERS + [float("nan")] if kind == "metrics" else TEXTS
            run[kind] = {key: chance.choice(values) for key in keys if chance.random() < 0.6}
        body = {
            "run_id": run["run_id"],
            "metrics": [{"key": k, "value": "NaN" if v != v else v, "timestamp": 1} for k, v in run["metrics"].items()],
            "params": [{"key": k, "value": v} for k, v in run["params"].items()],
            "tags": [{"key": k, "value": v} for k, v in run["tags"].items()],
        }
        reply = requests.post(live.url + API + "runs/log-batch", json=body, timeout=30)
        assert reply.status_code == 200, reply.text
        run["status"], run["end"] = chance.choice([("RUNNING", None), ("FINISHED", 5000), ("FAILED", 7000)])
        if run["end"]:
            requests.post(live.url + API + "runs/update", json={"run_id": run["run_id"], "status": run["status"], "end_time": run["end"]}, timeout=30)
        runs.append(run)
    return runs


# ---------------------------------------------------------------- filters: a tree, its text, its meaning
def quoted(chance, text):
    marks = [mark for mark in "'\"" if mark not in text]
    mark = chance.choice(marks)
    return mark + text + mark


def identifier(chance, kind, key):
    entity = chance.choice({"metrics": ["metrics", "metric"], "params": ["params", "param", "parameter"], "tags": ["tags", "tag"]}[kind])
    mark = chance.choice("`\"") if re.search(r"[^\w.]", key) else chance.choice(["", "", "`"])
    return f"{entity}.{mark}{key}{mark}"


def comparison(chance):
    kind = chance.choice(["metrics", "params", "tags", "run_name", "status", "start_time", "end_time", "run_id", "null"])
    if kind in ("metrics", "start_time", "end_time"):
        key = chance.choice(KEYS["metrics"]) if kind == "metrics" else kind
        value = chance.choice(NUMBERS) if kind == "metrics" else chance.randint(1, 9) * 1000
        return kind, key, chance.choice(["=", "!=", "<", "<=", ">", ">="]), value
    if kind == "null":
        kind = chance.choice(["params", "tags"])
        return kind, chance.choice(KEYS[kind]), chance.choice(["IS NULL", "IS NOT NULL"]), None
    if kind == "run_id":
        return kind, kind, chance.choice(["IN", "NOT IN"]), None
    key = chance.choice(KEYS[kind]) if kind in KEYS else kind
    op = chance.choice(["=", "!=", "LIKE", "ILIKE"])
    value = chance.choice(["RUNNING", "FINISHED", "FAILED"]) if kind == "status" else chance.choice([text for text in TEXTS if not ("'" in text and '"' in text)])
    if op.endswith("LIKE"):
        value = chance.choice([value, value[:1] + "%", "%" + value[-1:], "_" * len(value), "%"])
    return kind, key, op, value


def tree(chance, runs, depth):
    if depth == 0 or chance.random() < 0.4:
        kind, key, op, value = comparison(chance)
        if kind == "run_id":
            value = [run["run_id"] for run in chance.sample(runs, 5)]
        return ("is", kind, key, op, value)
    return (chance.choice(["and", "or"]), [tree(chance, runs, depth - 1) for _ in range(chance.randint(2, 3))])


def text_of(chance, node):
    if node[0] in ("and", "or"):
        word = chance.choice([node[0], node[0].upper(), node[0].capitalize()])
        return f" {word} ".join("(" + text_of(chance, part) + ")" if part[0] != "is" or chance.random() < 0.2 else text_of(chance, part) for part in node[1])
    _, kind, key, op, value = node
    name = identifier(chance, kind, key) if kind in KEYS else chance.choice(["", "attributes.", "attr.", "run."]) + key
    op = op.lower() if chance.random() < 0.2 and op[0].isalpha() else op
    if value is None:
        return f"{name} {op}"
    if isinstance(value, list):
        return f"{name} {op} ({', '.join(quoted(chance, one) for one in value)})"
    space = "" if op in ("<", "<=", ">", ">=") and chance.random() < 0.3 else " "
    return f"{name}{space}{op}{space}{quoted(chance, value) if isinstance(value, str) else repr(value)}"


def like(text, pattern, fold):
    expression = "".join(".*" if char == "%" else "." if char == "_" else re.escape(char) for char in pattern)
    # SQLite folds ASCII letters only, as the real server's store does.
    return re.fullmatch(expression, text, re.DOTALL | (re.IGNORECASE | re.ASCII if fold else 0)) is not None


def value_of(run, kind, key):
    if kind in KEYS:
        return run[kind].get(key, MISSING)
    return {"run_name": run["name"], "status": run["status"], "start_time": run["start"], "end_time": run["end"] or MISSING, "run_id": run["run_id"]}[key]


def holds(node, run):
    if node[0] == "and":
        return all(holds(part, run) for part in node[1])
    if node[0] == "or":
        return any(holds(part, run) for part in node[1])
    _, kind, key, op, value = node
    has = value_of(run, kind, key)
    if op.startswith("IS"):
        return (has is MISSING) == (op == "IS NULL")
    if has is MISSING:
        return False
    if op in ("IN", "NOT IN"):
        return (has in value) == (op == "IN")
    if op in ("LIKE", "ILIKE"):
        return like(has, value, op == "ILIKE")
    return OPERATORS[op](has, value)  # NaN as IEEE 754 has it: unequal to all, in no order


# ---------------------------------------------------------------- orders
def order(chance):
    kind = chance.choice(["metrics", "params", "tags", "start_time", "run_name", "status"])
    key = chance.choice(KEYS[kind]) if kind in KEYS else kind
    return kind, key, chance.choice([True, False])


def compare(orders, left, right):
    for kind, key, ascending in orders:
        ranks = []
        for run in (left, right):
            has = value_of(run, kind, key)
            ranks.append((2, 0) if has is MISSING else (1, 0) if has != has else (0, has.encode() if isinstance(has, str) else has))
        (rank_left, value_left), (rank_right, value_right) = ranks
        if rank_left != rank_right:
            return rank_left - rank_right  # values, NaN, missing: in both directions
        if value_left != value_right:
            return (1 if value_left > value_right else -1) * (1 if ascending else -1)
    if left["start"] != right["start"]:
        return right["start"] - left["start"]
    return 1 if left["run_id"] > right["run_id"] else -1


@pytest.fixture(scope="module")
def live(mlean, tmp_path_factory):
    from conftest import start_server, user_env

    env = user_env(mlean, tmp_path_factory.mktemp("home"))
    with start_server(mlean, env, tmp_path_factory.mktemp("log") / "stderr", tmp_path_factory.mktemp("filters")) as live:
        yield live


@pytest.mark.parametrize("seed", SEEDS)
def test_the_server_finds_what_the_grammar_says(live, seed):
    chance = random.Random(seed)
    experiment = requests.post(live.url + API + "experiments/create", json={"name": f"e{seed}"}, timeout=30).json()["experiment_id"]
    runs = make_runs(chance, live, experiment)
    session, wrong, found_any = requests.Session(), [], 0
    for _ in range(FILTERS):
        node = tree(chance, runs, chance.randint(0, 2))
        orders = [order(chance) for _ in range(chance.randint(0, 2))]
        if len({(kind, key) for kind, key, _ in orders}) < len(orders):
            orders = orders[:1]
        names = [(identifier(chance, kind, key) if kind in KEYS else key) + chance.choice([" ASC", " asc", ""] if up else [" DESC", " desc"]) for kind, key, up in orders]
        body = {"experiment_ids": [experiment], "filter": text_of(chance, node), "order_by": names, "max_results": chance.choice([3, 10, 100])}
        got, token = [], None
        while True:
            reply = session.post(live.url + API + "runs/search", json=body | ({"page_token": token} if token else {}), timeout=30)
            assert reply.status_code == 200, (body, reply.text)
            got += [run["info"]["run_id"] for run in reply.json().get("runs", [])]
            if not (token := reply.json().get("next_page_token")):
                break
        expected = sorted((run for run in runs if holds(node, run)), key=functools.cmp_to_key(functools.partial(compare, orders)))
        expected = [run["run_id"] for run in expected]
        found_any += bool(expected)
        if got != expected:
            wrong.append((body["filter"], names, len(got), len(expected), sorted(got) == sorted(expected)))
    assert wrong == []
    assert found_any > FILTERS / 3
