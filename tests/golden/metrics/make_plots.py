"""Golden plots: what the real dvc makes of plot definitions and data, as JSON. Writes plots.jsonl beside it.

    python -m venv VENV && VENV/bin/pip install dvc==3.67.1
    VENV/bin/python tests/golden/metrics/make_plots.py

Templates of users show every anchor, so that what is filled in can be compared; the built-in ones are only named (ours differ).
"""
import json

import make_golden as golden

ANCHORS = ["data", "title", "x", "y", "x_label", "y_label", "color", "column", "row", "group_by", "group_by_x", "group_by_y",
           "pivot_field", "plot_height", "plot_width", "shape", "stroke_dash", "tooltip", "zoom_and_pan"]


def anchor(name):
    return f"<DVC_METRIC_{name.upper()}>"


TEMPLATES = {
    ".dvc/plots/all.json": {"whole": {name: anchor(name) for name in ANCHORS}, "list": [anchor("x"), [anchor("y")], {"k": anchor("title")}],
                            "text": f"{anchor('x')} by {anchor('y')}: {anchor('title')} {anchor('data')}", "kept": [1, 2.5, None, True]},
    ".dvc/plots/plain.json": {"data": {"values": anchor("data")}, "x": anchor("x"), "y": anchor("y")},
}


def csv(*rows, separator=","):
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


def points(*names, scale=1, rows=3):
    return [{name: (i + k) * scale for k, name in enumerate(names)} for i in range(rows)]


LOSS = {"HEAD": {"loss.json": json.dumps(points("step", "loss"))}, "workspace": {"loss.json": json.dumps(points("step", "loss", scale=0.5))}}


def both(files):
    return {"HEAD": files, "workspace": files}


# name: (files by revision, top-level plots by dvc.yaml, stage plots [(dvc.yaml, wdir, path, properties)], further commands)
CASES = {
    "a list of points": (LOSS, {"dvc.yaml": [("loss.json", {"template": "all"})]}, [], []),
    "x and y": (LOSS, {"dvc.yaml": [("loss.json", {"template": "all", "x": "step", "y": "loss", "title": "T", "x_label": "X", "y_label": "Y"})]}, [],
                [["plots", "show", "--show-vega", "loss.json"], ["plots", "show", "--json", "-x", "loss", "-y", "step", "--title", "From the command"]]),
    "built-in templates": (LOSS, {"dvc.yaml": [("loss.json", {"x": "step", "y": "loss"})]}, [],
                           [["plots", "show", "--json", "--split", "-t", name] for name in ("simple", "confusion", "scatter", "bar_horizontal")]),
    "unused anchors": (LOSS, {"dvc.yaml": [("loss.json", {"template": "plain"})]}, [], []),
    "csv, tsv and yaml": (
        both({"p.csv": 'step,"a b",loss\n0,"x, y",1\n\n1,"say ""hi""",2\n2,"two\nlines"tail,3\n', "p.tsv": csv(("a", "b"), (1, 2), separator="\t"),
              "p.yaml": "- {a: 1, b: 2.50}\n- {a: 2, b: x}\n", "short.csv": "a,b,a\n1,2\n1,2,3\n1,2,3,4\n", "head.csv": "a,b\n"}),
        {"dvc.yaml": [(name, {"template": "all"}) for name in ("p.csv", "p.tsv", "p.yaml", "short.csv", "head.csv")]}, [], []),
    "no header": (both({"h.csv": "1,2\n3,4\n"}), {}, [("dvc.yaml", ".", "h.csv", {"header": False, "template": "all"})],
                  [["plots", "show", "--json", "--no-header"]]),
    "nested lists": (
        both({"n.json": json.dumps({"name": "x", "deep": {"train": points("a", "b"), "no": [1, 2]}, "more": points("c", rows=4), "odd": [{"a": 1}, {"b": 1}]}),
              "deep.json": json.dumps({"a": {"b": {"c": points("k", "v")}}}), "list.json": json.dumps([points("a")])}),
        {"dvc.yaml": [("n.json", {"template": "all"}), ("deep.json", {"template": "all", "x": "k", "y": "v"}), ("list.json", {"template": "all"})]}, [], []),
    "several y of a file": (both({"m.json": json.dumps(points("step", "acc", "loss"))}),
                            {"dvc.yaml": [("m.json", {"template": "all", "x": "step", "y": ["acc", "loss"]})]}, [], []),
    "y of several files": (
        {rev: {"out/train/acc.csv": csv(("step", "acc"), (0, s), (1, s * 2)), "out/test/acc.csv": csv(("step", "acc"), (0, s * 3), (1, s * 4))}
         for rev, s in (("HEAD", 1), ("workspace", 2))},
        {"dvc.yaml": [("accuracy", {"template": "all", "x": "step", "y": {"out/train/acc.csv": "acc", "out/test/acc.csv": "acc"}})]}, [],
        [["plots", "show", "--json", "accuracy"], ["plots", "show", "--json", "acc"], ["plots", "show", "--json", "dvc.yaml::accuracy"],
         ["plots", "show", "--json", ".*racy"], ["plots", "show", "--json", "out/train/acc.csv"], ["plots", "show", "--json", "none.csv"]]),
    "files and fields differ": (
        both({"a/m.csv": csv(("s", "p", "q"), (0, 1, 2), (1, 3, 4)), "a/n.csv": csv(("s", "r"), (0, 5), (1, 6))}),
        {"dvc.yaml": [("mixed", {"template": "all", "x": "s", "y": {"a/m.csv": ["p", "q"], "a/n.csv": "r"}}),
                      ("one", {"template": "plain", "y": {"a/m.csv": ["p", "q"]}})]}, [], []),
    "x of another file": (
        both({"x.csv": csv(("epoch",), (10,), (20,)), "y.csv": csv(("v", "w"), (1, 2), (3, 4)), "z.csv": csv(("e",), (7,), (8,))}),
        {"dvc.yaml": [("other", {"template": "all", "x": {"x.csv": "epoch"}, "y": {"y.csv": "v"}}),
                      ("pairs", {"template": "all", "x": {"x.csv": "epoch", "z.csv": "e"}, "y": {"y.csv": ["v", "w"]}}),
                      ("y.csv", {"template": "all", "x": {"x.csv": "epoch"}, "y": "w"})]}, [], []),
    "what does not fit": (
        both({"a.csv": csv(("s", "v"), (0, 1), (1, 2)), "b.csv": csv(("s", "v"), (0, 1)), "c.csv": csv(("t",), (0,), (1,)), "broken.json": "{",
              "text.txt": "hello\n", "latin.csv": "a\n\udcff\n", "empty.json": "[]"}),
        {"dvc.yaml": [("no field", {"y": {"a.csv": "nope"}}), ("length", {"x": {"b.csv": "s"}, "y": {"a.csv": "v"}}),
                      ("number", {"x": {"a.csv": "s", "b.csv": "s"}, "y": {"a.csv": "v"}}), ("absent.csv", {}), ("broken.json", {}), ("text.txt", {}),
                      ("latin.csv", {}), ("empty.json", {}), ("a.csv", {"template": "all"})]}, [], []),
    "odd names": (both({"odd.json": json.dumps([{"a.b": 1, "c[0]": 2, "größe": 3, "<b>": "</script>"}])}),
                  {"dvc.yaml": [("odd.json", {"template": "all", "x": "a.b", "y": "c[0]"})]}, [], []),
    "values of all kinds": (both({"v.json": '[{"a": NaN, "b": null, "c": [1, {"d": true}], "rev": "mine", "step": 9, "e": 1e-7}]'}),
                            {"dvc.yaml": [("v.json", {"template": "all"})]}, [], []),
    "a folder": (
        both({"plots/a.csv": csv(("k", "v"), (1, 2)), "plots/sub/b.csv": csv(("k", "v"), (3, 4)), "plots/sub/c.json": json.dumps(points("k", "v")),
              "plots/i.png": "not really"}),
        {"dvc.yaml": [("plots", {"template": "all"}), ("plots/sub", {"template": "plain", "x": "k"})]}, [], [["plots", "show", "--json", "plots/sub/b.csv"]]),
    "images": ({"HEAD": {"img/1.png": "old", "img/10.png": "x"}, "workspace": {"img/1.png": "new", "img/2.png": "two", "img/10.png": "x"}},
               {"dvc.yaml": [("img", {})]}, [], []),
    "defined twice": (both({"p.csv": csv(("k", "v"), (1, 2)), "sub/q.csv": csv(("k", "v"), (3, 4))}),
                      {"dvc.yaml": [("p.csv", {"template": "all", "title": "top"}), ("sub/q.csv", {"template": "all"})],
                       "sub/dvc.yaml": [("q.csv", {"template": "plain", "x": "k"})]},
                      [("dvc.yaml", ".", "p.csv", {"template": "all", "title": "stage"})], [["plots", "show", "--json", "dvc.yaml::p.csv"]]),
    "stages": (both({"sub/w/s.csv": csv(("k", "v"), (1, 2)), "loss.json": LOSS["HEAD"]["loss.json"]}), {},
               [("sub/dvc.yaml", "sub/w", "s.csv", {"template": "all", "x": "k", "y": "v"}), ("dvc.yaml", ".", "loss.json", {"template": "all"})],
               [["plots", "show", "--json", "sub/w/s.csv"], ["plots", "show", "--json", "loss.json", "sub/w/s.csv"]]),
    "nothing to draw": (both({"a.csv": "a\n1\n"}), {}, [], [["plots", "show", "--json", "a.csv", "-t", "all"]]),
    "template not there": (LOSS, {"dvc.yaml": [("loss.json", {"template": "nowhere"})]}, [], []),
    "template without data": (LOSS, {"dvc.yaml": [("loss.json", {"template": "nodata"})]}, [], []),
}


def without_built_in(text):
    """Leaves out the specifications of built-in templates."""
    try:
        shown = json.loads(text)
    except ValueError:
        return text
    for plots in shown.get("data", {}).values():
        for plot in plots:
            if "$schema" in plot.get("content", {}):
                plot["content"] = None
    return json.dumps(shown) + "\n"


def make(name, files, top_level, stages, commands):
    repository = golden.Repository()
    repository.put({path: json.dumps(content) for path, content in TEMPLATES.items()})
    repository.put({".dvc/plots/nodata.json": '{"x": "<DVC_METRIC_X>"}'})
    pipelines = {}
    for dvcfile, plots in top_level.items():
        pipelines.setdefault(dvcfile, {})["plots"] = [{plot: props} for plot, props in plots]
    for i, (dvcfile, wdir, path, props) in enumerate(stages):
        folder = dvcfile.rpartition("/")[0] or "."
        stage = {"cmd": "true", "wdir": wdir if folder == "." else wdir[len(folder) + 1:], "plots": [{path: {**props, "cache": False}}]}
        pipelines.setdefault(dvcfile, {}).setdefault("stages", {})[f"s{i}"] = stage
    repository.put({path: json.dumps(content) for path, content in pipelines.items()})
    repository.put(files["HEAD"])
    repository.commit()
    repository.remove(*files["HEAD"])
    repository.put(files["workspace"])
    commands = [["plots", "show", "--json"], ["plots", "show", "--json", "--split"], ["plots", "diff", "HEAD", "--json"],
                ["plots", "diff", "HEAD", "workspace", "--json", "--split"], *commands]
    runs = [repository.dvc(*command) for command in commands]
    for run in runs:
        for stream in ("out", "err"):
            run[stream] = golden.without_ladder(run[stream]).replace(str(repository.root), "ROOT")
        run["out"] = without_built_in(run["out"])
    return {
        "name": name,
        "files": {rev: {path: text.encode("utf-8", "surrogateescape").hex() for path, text in of.items()} for rev, of in files.items()},
        "top_level": [{"dvcfile": dvcfile, "plots": [{"id": plot, "props": props} for plot, props in plots]} for dvcfile, plots in top_level.items()],
        "stages": [{"dvcfile": dvcfile, "wdir": wdir, "path": path, "props": props} for dvcfile, wdir, path, props in stages],
        "templates": {path.rpartition("/")[2][:-5]: json.dumps(content) for path, content in TEMPLATES.items()} | {"nodata": '{"x": "<DVC_METRIC_X>"}'},
        "runs": runs,
    }


if __name__ == "__main__":
    golden.write("plots.jsonl", [make(name, *case) for name, case in CASES.items()])
