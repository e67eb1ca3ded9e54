"""plots show, diff, modify: the same plots are found, with the same points; how they are drawn is each tool's own affair."""

import base64
import json

import pytest

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
FILES = {
    "p.src": "step,loss,acc\n0,1,0.1\n1,0.5,0.2\n",
    "q.json": '[{"x": 1, "y": 2}, {"x": 2, "y": 3}]',
    "many/a.tsv": "s\tv\n0\t1\n",
    "many/b.json": '{"data": [{"s": 1, "v": 2}]}',
    "raw.csv": "1,2\n3,4\n",
    "dvc.yaml": """\
stages:
  a:
    cmd: cp p.src p.csv
    plots:
    - p.csv: {cache: false, x: step, y: loss, title: T}
  b:
    cmd: mkdir -p out; echo i,w > out/c.csv; echo 0,5 >> out/c.csv
    plots: [out]
plots:
- q.json: {x: x, y: y}
- many
- both:
    x: {p.csv: step}
    y: {p.csv: [loss, acc]}
    x_label: steps
    template: scatter
- img.png
""",
    "sub/dvc.yaml": "plots:\n- ../q.json: {y: y}\n- r.csv\n",
    "sub/r.csv": "a,b\n1,2\n",
}


def fill(repo):
    for name, text in FILES.items():
        repo.write(name, text)
    repo.write("img.png", PNG)


@pytest.fixture
def pair(twins):
    made = twins(fill)
    made.run("repro", check=0)
    made.commit("one")
    made.write("p.csv", "step,loss,acc\n0,2,0.3\n")
    made.commit("two")
    made.write("q.json", '[{"x": 1, "y": 20}]')
    return made


def points(content):
    return content["data"]["values"] if content else None


def essence(text):
    """What a plot is about, of the JSON of both tools."""
    found = json.loads(text)
    data = {}
    for name, plots in found.get("data", {}).items():
        for plot in plots:
            entry = {"type": plot["type"], "revisions": plot["revisions"]}
            if plot["type"] == "image":
                entry["url"] = plot["url"].rsplit("/", 1)[1]
            elif "anchor_definitions" in plot:
                entry["anchors"] = plot["anchor_definitions"]
            else:
                entry["points"] = points(plot["content"])
                entry["title"] = plot["content"].get("title")
            data.setdefault(name, []).append(entry)
    errors = [{key: error.get(key) for key in ("name", "rev", "source", "type")} for error in found.get("errors", [])]
    return data, sorted(errors, key=str)


WORDS = [
    ["show"], ["show", "p.csv"], ["show", "p.csv", "-x", "loss", "-y", "acc"], ["show", "raw.csv", "--no-header"], ["show", "both"], ["show", "many"], ["show", "out"],
    ["show", "nosuch.csv"], ["show", "img.png"], ["show", "--title", "all", "--x-label", "X", "-t", "simple"],
    ["diff"], ["diff", "HEAD"], ["diff", "HEAD~1", "HEAD"], ["diff", "HEAD~1", "--targets", "p.csv", "q.json"], ["diff", "workspace", "main"],
]  # fmt: skip


@pytest.mark.parametrize("split", [[], ["--split"]], ids=lambda words: " ".join(words) or "whole")
@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_json(words, split, pair):
    done = pair.run("plots", *words, "--json", *split, compare="code")
    real = pair.tools[0]("plots", *words, "--json", *split, cwd=pair.a)
    assert essence(done.stdout) == essence(real.stdout)


def test_in_a_folder(pair):
    done = pair.run("plots", "show", "--json", cwd="sub", compare="code")
    real = pair.tools[0]("plots", "show", "--json", cwd=pair.a.path / "sub")
    assert essence(done.stdout) == essence(real.stdout)


def test_page(pair):
    pair.run("plots", "show", check=0)
    pair.run("plots", "diff", "HEAD~1", "-o", "elsewhere", check=0)
    for folder in ("dvc_plots", "elsewhere"):
        assert sorted(pair.a.tree(folder)) == sorted(pair.b.tree(folder))
        page = pair.b.read(f"{folder}/index.html")
        assert "loss" in page and "img.png" in page
        assert "cannot draw" not in page and "https://cdn" not in page, "the page draws without a network"
    pair.write("page.html", "<html>{plot_divs}</html>")
    pair.run("plots", "show", "p.csv", "--html-template", "page.html", check=0)
    assert pair.b.read("dvc_plots/index.html").startswith("<html><div")


WRONG = [["show", "--show-vega"], ["show", "--show-vega", "a", "b"], ["show", "--show-vega", "--json", "a"], ["diff", "nosuch"], ["templates", "nosuch"]]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_wrong_use(words, pair):
    pair.run("plots", *words)


def test_show_vega(pair):
    assert len(points(pair.run("plots", "show", "p.csv", "--show-vega", compare="code", check=0).json)) == 1


MODIFY = [["p.csv", "-x", "acc"], ["p.csv", "--unset", "title", "x"], ["p.csv", "--unset", "nosuch"], ["out", "-t", "scatter", "--no-header"], ["out", "-t", "nosuch"], ["nosuch", "-x", "a"]]


@pytest.mark.parametrize("words", MODIFY, ids=" ".join)
def test_modify(words, pair):
    pair.run("plots", "modify", *words, compare="code")
    assert pair.a.tracked() == pair.b.tracked()
