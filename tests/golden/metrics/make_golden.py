"""Golden values of the room metrics, by the real dvc over small repositories.

    python -m venv VENV && VENV/bin/pip install dvc==3.67.1
    VENV/bin/python tests/golden/metrics/make_golden.py            # writes the *.jsonl files beside it

values.jsonl   files of two revisions; what `metrics show`, `metrics diff` and `params diff` print
reports.jsonl  states of a repository; what `diff`, `status`, `data status` and `ls` print as JSON, text and Markdown
dag.jsonl      graphs; what `dag --dot`, `--mermaid`, `--md` print, filtered and collapsed
tables.jsonl   cells; the tables dvc lays out
python.jsonl   values; Python's str, repr and round
"""
import contextlib
import io
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
DVC = pathlib.Path(sys.executable).with_name("dvc")
ENV = {**os.environ, "DVC_NO_ANALYTICS": "1", "PYTHONHASHSEED": "0", "COLUMNS": "200"}
ENV.pop("LS_COLORS", None)


def write(name, cases):
    text = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)
    (HERE / name).write_text(text, encoding="utf-8")


class Repository:
    """A temporary git repository with dvc."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name).resolve()
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.email", "a@b.example")
        self.git("config", "user.name", "A")
        self.dvc("init", "-q")

    def git(self, *args):
        subprocess.run(["git", *args], cwd=self.root, check=True, env=ENV, stdout=subprocess.DEVNULL)

    def dvc(self, *args):
        done = subprocess.run([DVC, *args], cwd=self.root, env=ENV, capture_output=True, text=True)
        return {"args": list(args), "out": done.stdout, "err": done.stderr, "code": done.returncode}

    def put(self, files):
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_bytes(text.encode("utf-8", "surrogateescape"))

    def commit(self, message="m"):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def remove(self, *paths):
        for path in paths:
            (self.root / path).unlink()


# ---- values ----

NESTED = '{"a": 1, "b": {"c": 0.123456789, "d": true, "e": [1, 2], "f": null, "g": "text", "h": {}}, "z": 1e-07}'
VALUE_CASES = {
    "one json file": ({"m.json": NESTED}, {"m.json": '{"a": 2, "b": {"c": 0.2, "d": false, "g": "text"}, "new": -0.0}'}),
    "several kinds": (
        {"m.json": '{"auc": 0.5}', "s.yaml": "x: 1e-7\nd: 2020-01-01\nn: 1_000\n", "scalar.json": "0.25", "t.yaml": "just text\n"},
        {"m.json": '{"auc": 1}', "s.yaml": "x: 0x1F\ny: .inf\n", "scalar.json": "0.5", "t.yaml": "other text\n"},
    ),
    "broken files": (
        {"ok.json": '{"a": 1}', "bad.json": "{", "bad.yaml": "a: [\n", "latin.yaml": "a: \udcff\n", "empty.json": "", "empty.yaml": ""},
        {"ok.json": '{"a": 2}', "bad.json": '{"a": 3}', "bad.yaml": "a: 1\n", "latin.yaml": "a: 1\n", "empty.json": "{}"},
    ),
    "equal as Python counts": ({"m.json": '{"a": 1, "b": true, "c": 0}'}, {"m.json": '{"a": 1.0, "b": 1, "c": false}'}),
    "not a number": ({"m.json": '{"a": NaN, "b": Infinity, "c": -Infinity}'}, {"m.json": '{"a": NaN, "b": Infinity, "c": 1}'}),
    "rounding": (
        {"m.json": '{"a": 0.000005, "b": 2.675, "c": 1.000005, "d": 123456789.123456789, "e": 1e22, "f": 5e-324, "g": 0.15}'},
        {"m.json": '{"a": 0.000015, "b": 2.5, "c": 1.0000149, "d": -0.000001, "e": 1e-5, "f": 1.5, "g": 0.25}'},
    ),
    "wide and odd names": (
        {"m.json": '{"größe": 1, "日本": 2, "a b": {"c.d": 3}, "": 4, "long": "' + "x" * 60 + '", "lines": "one\\ntwo"}'},
        {"m.json": '{"größe": 2, "日本": "語", "a b": {"c.d": 4}, "": 5, "long": " pad ", "lines": "one\\nthree"}'},
    ),
    "file comes and goes": ({"old.json": '{"a": 1}'}, {"new.json": '{"a": 1, "b": "x"}'}),
    "map becomes value": ({"m.json": '{"a": {"b": 1}}'}, {"m.json": '{"a": 3}'}),
    "file becomes value": ({"m.json": '{"a": {"b": 1}}'}, {"m.json": "7"}),
    "nothing changed": ({"m.json": '{"a": 1}'}, {"m.json": '{"a": 1}'}),
    "big whole numbers": ({"m.json": '{"a": 9007199254740993, "b": 10}'}, {"m.json": '{"a": 9007199254740992, "b": -10}'}),
}
PARAM_CASES = {
    "lists and nulls": (
        {"params.yaml": "lr: 0.1\nl: [1, 2.0, a, true, null, {x: it's}]\nn: {e: 1e-05, none: null, el: [], s: a b, u: é, em: {}}\n"},
        {"params.yaml": "lr: 0.2\nl: [1, 2.0, a, true, null, {x: 'say \"it''s\"'}]\nn: {e: 2, none: 1, el: [1], s: a b, u: ü}\nk: yes\n"},
    ),
    "list file": ({"p.json": "[1]"}, {"p.json": "[2]"}),
    "longer list file": ({"p.json": "[1, 2]"}, {"p.json": '[1, "a"]'}),
    "several files": ({"params.yaml": "a: 1\n", "sub/p.json": '{"a": {"b": [1]}}'}, {"params.yaml": "a: 2\n", "sub/p.json": '{"a": {}}'}),
}


def without_ladder(text):
    """dvc names files in parse errors relative to the root of the disk."""
    return re.sub(r"'(\.\./)+", "'", text)


def value_case(name, old, new, kind, commands):
    repository = Repository()
    paths = list(dict.fromkeys([*old, *new]))
    repository.put({"dvc.yaml": json.dumps({kind: paths}), **old})
    repository.commit()
    repository.remove(*old)
    repository.put(new)
    runs = [repository.dvc(*command) for command in commands]
    for run in runs:
        run["out"] = without_ladder(run["out"])
    return {"name": name, "kind": kind, "paths": paths, "old": old, "new": new, "runs": runs}


def values():
    metrics = [
        ["metrics", "show"], ["metrics", "show", "--md"], ["metrics", "show", "--json"], ["metrics", "show", "--precision", "2"],
        ["metrics", "show", "-a"], ["metrics", "show", "-a", "--json"], ["metrics", "show", "-a", "--md"],
        ["metrics", "diff"], ["metrics", "diff", "--md"], ["metrics", "diff", "--json"], ["metrics", "diff", "--all"],
        ["metrics", "diff", "--all", "--json"], ["metrics", "diff", "--no-path"], ["metrics", "diff", "--precision", "9"],
    ]
    params = [
        ["params", "diff"], ["params", "diff", "--md"], ["params", "diff", "--json"], ["params", "diff", "--all"],
        ["params", "diff", "--all", "--no-path", "--md"],
    ]
    cases = [value_case(name, old, new, "metrics", metrics) for name, (old, new) in VALUE_CASES.items()]
    cases += [value_case(name, old, new, "params", params) for name, (old, new) in PARAM_CASES.items()]
    for case in cases:
        for side in ("old", "new"):
            case[side] = {path: text.encode("utf-8", "surrogateescape").hex() for path, text in case[side].items()}
    write("values.jsonl", cases)


# ---- reports ----

def report_runs(repository):
    commands = [
        ["diff", "--json", "--show-hash"], ["diff", "--json"], ["diff"], ["diff", "--show-hash"], ["diff", "--md"],
        ["diff", "--md", "--show-hash"], ["diff", "--hide-missing"], ["diff", "--json", "--hide-missing"],
        ["status", "--json"], ["status"],
        ["data", "status", "--json", "--unchanged", "--untracked-files"], ["data", "status", "--unchanged", "--untracked-files"],
        ["data", "status", "--json", "--granular"], ["data", "status", "--granular"],
        ["ls", ".", "--json"], ["ls", "."], ["ls", ".", "--size"], ["ls", ".", "--size", "--show-hash"], ["ls", ".", "--show-hash"],
        ["ls", ".", "-R", "--json"], ["ls", ".", "-R", "--size"], ["ls", ".", "--tree"], ["ls", ".", "--tree", "--size", "--show-hash"],
    ]
    return [repository.dvc(*command) for command in commands]


def reports():
    cases = []
    repository = Repository()
    cases.append({"name": "nothing tracked", "runs": report_runs(repository)})
    repository.put({
        "data/a.txt": "a\n", "data/sub/ü b.txt": "b" * 1500, "one.bin": "1" * 2_000_000, "gone.txt": "gone\n", "moved.txt": "moved\n",
        "lost.txt": "lost\n", "params.yaml": "lr: 1\ndepth: 2\nold: 1\n", "run.sh": "#!/bin/sh\n",
        "dvc.yaml": json.dumps({"stages": {
            "make": {"cmd": "cp one.bin out.bin", "deps": ["one.bin"], "params": ["lr", "depth", "old"], "outs": ["out.bin"]},
            "always": {"cmd": "echo > log", "outs": [{"log": {"cache": False}}], "always_changed": True},
            "whole": {"cmd": "cp params.yaml copy.yaml", "deps": ["out.bin"], "outs": ["copy.yaml"]},
        }}),
    })
    (repository.root / "run.sh").chmod(0o755)
    repository.dvc("add", "data", "one.bin", "gone.txt", "moved.txt", "lost.txt")
    cases.append({"name": "nothing committed", "runs": report_runs(repository)})
    repository.commit()
    cases.append({"name": "stages never run", "runs": report_runs(repository)})
    repository.dvc("repro")
    repository.commit()
    cases.append({"name": "clean but for a stage", "runs": report_runs(repository)})
    repository.put({"data/new.txt": "new\n", "data/a.txt": "A\n", "one.bin": "2" * 2_000_000, "loose.txt": "not tracked\n",
                    "params.yaml": "lr: 2\nextra: 1\ndepth: 2\n"})
    repository.remove("gone.txt")
    (repository.root / "moved.txt").rename(repository.root / "here.txt")
    repository.git("rm", "-q", "--cached", "moved.txt.dvc")
    repository.remove("moved.txt.dvc")
    repository.dvc("add", "here.txt")
    repository.dvc("commit", "-f", "data.dvc")
    (repository.root / "data/sub/ü b.txt").unlink()
    yaml = (repository.root / "dvc.yaml").read_text()
    repository.put({"dvc.yaml": yaml.replace("cp params.yaml", "cp  params.yaml")})
    # lost.txt: its object is gone from the cache, the file from the workspace.
    md5 = re.search(r"md5: (\w+)", (repository.root / "lost.txt.dvc").read_text()).group(1)
    (repository.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]).unlink()
    repository.remove("lost.txt")
    cases.append({"name": "everything changed", "runs": report_runs(repository)})
    remote = repository.root / ".dvc/tmp/remote"
    repository.dvc("remote", "add", "-d", "store", str(remote))
    cases.append({"name": "cloud", "runs": [repository.dvc("status", "-c", "--json"), repository.dvc("status", "-c")]})
    write("reports.jsonl", cases)


# ---- graphs ----

def dags():
    import networkx as nx
    from dvc.commands import dag

    def graph(nodes, edges):
        out = nx.DiGraph()
        out.add_nodes_from(nodes)
        out.add_edges_from((nodes[a], nodes[b]) for a, b in edges)
        return out

    def shown(it):
        return {"nodes": sorted(it.nodes), "dot": dag._show_dot(it.copy()), "mermaid": dag._show_mermaid(it),
                "md": dag._show_mermaid(it, True)}

    rng = random.Random(7)
    names = ["prepare", "sub/dvc.yaml:train", "data.dvc", "fit@1", "fit@2", "fit@a-b", "ü.dvc", "a b", 'q"x', "x@y.dvc", "node", "9", "Z"]
    cases = []
    for i in range(24):
        nodes = rng.sample(names, rng.randrange(0, len(names) + 1))
        # From the later of the list to the earlier, then shuffled places: never a cycle.
        pairs = [(a, b) for a in range(len(nodes)) for b in range(a)]
        edges = rng.sample(pairs, min(len(pairs), rng.randrange(0, 14)))
        order = list(range(len(nodes)))
        rng.shuffle(order)
        nodes = [nodes[order.index(k)] for k in range(len(nodes))]
        edges = sorted((order[a], order[b]) for a, b in edges)
        it = graph(nodes, edges)
        case = {"nodes": nodes, "edges": edges, "all": shown(it), "collapsed": shown(dag._collapse_foreach_matrix(it))}
        if nodes:
            target = nodes[i % len(nodes)]
            case["target"] = target
            case["needs"] = shown(dag._filter(it, [target], False))
            case["part"] = shown(dag._filter(it, [target], True))
        cases.append(case)
    write("dag.jsonl", cases)


# ---- tables and texts ----

def tables():
    from dvc.ui import ui

    ui.enable()
    rng = random.Random(5)
    cells = ["", "a", "-", "1.50", " pad ", "日本語", "größe", "e\u0301", "x" * 30, "two\nlines", "tab\tbed", "🎉", "\x1b[1mbold\x1b[0m", "0x10"]
    cases = []
    for i in range(60):
        columns = rng.randrange(1, 5)
        headers = [rng.choice(["", "Path", "日本", "a-long-header", "h\nh"]) + str(k) for k in range(columns)]
        rows = [[rng.choice(cells) for _ in range(columns)] for _ in range(rng.randrange(0, 5))]
        case = {"headers": [] if i % 4 == 0 else headers, "rows": rows, "markdown": i % 3 == 0, "right": i % 5 == 0, "keep": i % 7 == 0}
        if case["markdown"] and not case["headers"]:
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            ui.table(rows, headers=case["headers"] or None, markdown=case["markdown"],
                     colalign=("right",) if case["right"] else None, preserve_whitespace=case["keep"])
        cases.append({**case, "out": out.getvalue()})
    write("tables.jsonl", cases)


def python():
    values = [None, True, False, 0, -5, 2**53 + 1, 1.0, 0.1, 1e16, 1e-5, "a", "it's", 'say "x"', "it's \"x\"", "é日本🎉", "\x00\x1f\x7f\x85\xa0",
              "\ufeff\u2028", "a\\b\n\t\r", [], {}, [1, [2.5, "x", None]], {"k": {"j": [True]}, "": "q'"}]
    cases = [{"value": value, "str": str(value), "repr": repr(value)} for value in values]
    rng = random.Random(3)
    numbers = [0.5, 1.5, 2.5, 2.675, 1.005, 0.000005, 0.000015, 1e22, 1e300, 5e-324, -0.0, 123456.789, -1.25]
    numbers += [rng.uniform(-10, 10) for _ in range(100)] + [rng.randrange(-10**6, 10**6) / 10**5 + 5e-6 for _ in range(100)]
    cases += [{"number": number, "digits": digits, "rounded": round(number, digits)} for number in numbers for digits in (1, 2, 5, 12)]
    write("python.jsonl", cases)


if __name__ == "__main__":
    for make in (python, tables, dags, values, reports):
        if len(sys.argv) < 2 or make.__name__ in sys.argv[1:]:
            make()
