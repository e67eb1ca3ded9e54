"""`mlean drift` against the numbers of the real Evidently (tests/golden/drift_verb, written by its generate.py)."""

import json
import math
import re
import xml.etree.ElementTree as ET

import pandas as pd
import pytest
from conftest import TOP

GOLDEN = TOP / "tests/golden/drift_verb"
LEGACY = json.loads((GOLDEN / "legacy.json").read_text())
EVIDENTLY = json.loads((GOLDEN / "evidently7.json").read_text())


def same(ours, theirs, path=""):
    """Equal shapes and order of members, numbers to 1e-6; scores near 0 are roots of rounding errors."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), path
        for key in theirs:
            same(ours[key], theirs[key], f"{path}.{key}")
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), path
        for i, one in enumerate(theirs):
            same(ours[i], one, f"{path}[{i}]")
    elif isinstance(theirs, (int, float)) and not isinstance(theirs, bool):
        assert not isinstance(ours, bool) and math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-10), (path, ours, theirs)
    else:
        assert ours == theirs and type(ours) is type(theirs), (path, ours, theirs)


def files(pair):
    return f"{pair}_ref.csv", f"{pair}_cur.csv"


@pytest.mark.parametrize("name", LEGACY)
def test_evidently_legacy(name, run):
    case = LEGACY[name]
    drifted = case["dict"]["metrics"][0]["result"]["dataset_drift"]
    done = run("drift", *files(case["pair"]), "--format", "evidently-legacy", *case["options"], cwd=GOLDEN, check=6 if drifted else 0)
    ours = json.loads(done.stdout)
    assert list(ours) == ["version", "metrics", "timestamp"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", ours["timestamp"])
    same(ours["metrics"], case["dict"]["metrics"])


@pytest.mark.parametrize("name", EVIDENTLY)
def test_evidently(name, run):
    case = EVIDENTLY[name]
    expected = case["dict"]
    settings = expected["metrics"][0]
    drifted = settings["value"]["share"] >= settings["config"]["drift_share"]
    done = run("drift", *files(case["pair"]), "--format", "evidently", *case["options"], cwd=GOLDEN, check=6 if drifted else 0)
    ours = json.loads(done.stdout)
    ids = [metric.pop("id") for metric in ours["metrics"]]
    assert len(set(ids)) == len(ids) and all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
    for metric in expected["metrics"]:
        metric.pop("id", None)
    same(ours, expected)


def test_free_text_is_left_out_of_the_new_format_and_said(run):
    done = run("drift", *files("small"), "--format", "evidently", cwd=GOLDEN, check=None)
    assert "note" in done.stderr and "column=note" not in done.stdout
    asked = run("drift", *files("small"), "--format", "evidently", "--columns", "age,note", cwd=GOLDEN, check=6)
    assert "column=note" in asked.stdout


def test_every_drift_exit_is_6_and_only_then(run):
    assert run("drift", "small_ref.csv", "small_ref.csv", cwd=GOLDEN).stdout.startswith("no drift: 0 of 9 columns")
    run("drift", *files("small"), "--share", "1", cwd=GOLDEN, check=0)
    run("drift", *files("small"), "--share", "0.1", cwd=GOLDEN, check=6)
    run("drift", *files("small"), "--columns", "score", cwd=GOLDEN, check=0)


def test_own_json(run):
    ours = json.loads(run("drift", *files("small"), "--json", cwd=GOLDEN, check=6).stdout)
    assert (ours["reference"]["rows"], ours["current"]["rows"]) == (300, 250)
    assert ours["dataset_drift"] and ours["judged"] == len(ours["columns"]) == 9
    theirs = LEGACY["small"]["dict"]["metrics"][1]["result"]["drift_by_columns"]
    frame = pd.read_csv(GOLDEN / "small_ref.csv")
    for column in ours["columns"]:
        name = column["name"]
        same(column["score"], theirs[name]["drift_score"], name)
        assert column["adjusted_p"] >= column["score"] * (1 - 1e-12)
        assert math.isclose(column["reference"]["missing_share"], frame[name].isna().mean())
        assert math.isclose(sum(column["picture"]["current"]), 1)
    assert len(next(c for c in ours["columns"] if c["name"] == "note")["new_categories"]) == 10


def test_few_rows_give_no_verdict_unless_evidently_is_asked(tmp_path, run):
    for side, shift in (("a", 0), ("b", 100)):
        pd.DataFrame({"x": range(shift, shift + 50)}).to_csv(tmp_path / f"{side}.csv", index=False)
    own = json.loads(run("drift", "a.csv", "b.csv", "--format", "json", cwd=tmp_path).stdout)
    assert run("drift", "a.csv", "b.csv", cwd=tmp_path).stdout.startswith("no verdict")
    assert [one["verdict"] for one in own["columns"]] == ["not_enough_data"] and "score" not in own["columns"][0]
    run("drift", "a.csv", "b.csv", "--format", "evidently-legacy", cwd=tmp_path, check=6)


def test_html_is_one_file_without_script_and_does_not_grow_with_rows(tmp_path, run):
    page = run("drift", *files("large"), "--format", "html", "--target", "bought", "--prediction", "probability", cwd=GOLDEN, check=6)
    html = page.stdout
    assert "Data set drift is detected" in html and "<script" not in html and "http" not in html and "src=" not in html
    names = re.findall(r'class="name"><b>([^<]+)</b>', html)
    assert names[:2] == ["bought", "probability"] and set(names) == set(pd.read_csv(GOLDEN / "large_ref.csv").columns)
    assert html.count("<svg") == 2 * len(names) and html.count("✗ drifted") == 4
    ET.fromstring(re.search(r"<tbody>.*</tbody>", html, re.S).group().replace("&nbsp;", " "))
    for side in ("ref", "cur"):
        one = pd.read_csv(GOLDEN / f"large_{side}.csv")
        pd.concat([one] * 20).to_csv(tmp_path / f"{side}.csv", index=False)
    more = run("drift", "ref.csv", "cur.csv", "--format", "html", "--target", "bought", "--prediction", "probability", cwd=tmp_path, check=6)
    assert abs(len(more.stdout) - len(html)) < 100


def test_html_escapes_what_comes_from_the_data(tmp_path, run):
    frame = pd.DataFrame({'<b onclick="x">&': ["<script>alert(1)</script>", "b", "it's"] * 60})
    frame.to_csv(tmp_path / "a<i>.csv", index=False)
    frame[:150].to_csv(tmp_path / "b.csv", index=False)
    html = run("drift", "a<i>.csv", "b.csv", "--format", "html", cwd=tmp_path).stdout
    assert "<script" not in html and "onclick=\"x\"" not in html and "a<i>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_junit(run):
    text = run("drift", *files("small"), "--format", "junit", cwd=GOLDEN, check=6).stdout
    suite = ET.fromstring(text.split("\n", 1)[1]).find("testsuite")
    cases = {one.get("classname"): one for one in suite}
    assert len(cases) == int(suite.get("tests")) == 10
    failed = {name for name, one in cases.items() if one.find("failure") is not None}
    assert failed == {"dataset", "column.age", "column.member", "column.note", "column.plan", "column.zone"}
    assert int(suite.get("failures")) == len(failed)


def test_parquet_and_missing_columns(tmp_path, run):
    reference = pd.read_csv(GOLDEN / "large_ref.csv").assign(when=pd.Timestamp("2026-01-01"))
    reference.to_parquet(tmp_path / "ref.parquet")
    pd.read_csv(GOLDEN / "large_cur.csv").drop(columns="city").to_parquet(tmp_path / "cur.parquet")
    own = json.loads(run("drift", "ref.parquet", "cur.parquet", "--json", cwd=tmp_path, check=6).stdout)
    assert own["missing"] == ["city"] and len(own["columns"]) == 6  # not `when`
    refused = run("drift", "ref.parquet", "cur.parquet", "--format", "evidently-legacy", cwd=tmp_path, check=4)
    assert "city" in refused.stderr and refused.stdout == ""


@pytest.mark.parametrize(
    "status, options, says",
    [
        (2, ["--format", "pdf"], "--format 'pdf'"),
        (2, ["--method", "kss"], "ks"),
        (2, ["--column-method", "age"], "COLUMN=VALUE"),
        (2, ["--column-method", "nosuch=ks"], "'nosuch'"),
        (2, ["--column-threshold", "age=much"], "'much'"),
        (2, ["--threshold", "nan"], "'nan'"),
        (2, ["--share", "1.5"], "'1.5'"),
        (2, ["--task", "ranking"], "'ranking'"),
        (2, ["--numerical", "age", "--categorical", "age"], "numeric and as categorical"),
        (1, ["--numerical", "plan"], "--categorical 'plan'"),
        (1, ["--cat-method", "ks"], "numeric column"),
        (1, ["--target", "plan", "--task", "regression"], "'plan' as numbers"),
        (4, ["--columns", "agee"], "age"),
        (4, ["--target", "plann"], "plan"),
    ],
)
def test_errors(status, options, says, run):
    done = run("drift", *files("small"), *options, cwd=GOLDEN, check=status)
    assert says in done.stderr and done.stdout == ""


def test_files_that_are_not_there_or_no_table(tmp_path, run):
    assert "no such file" in run("drift", "small_reff.csv", "small_cur.csv", cwd=GOLDEN, check=4).stderr
    run("drift", "small_ref.csv", cwd=GOLDEN, check=2)
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n3,4\n1,2,3\n5,6\n")
    assert "ragged.csv" in run("drift", "ragged.csv", "ragged.csv", cwd=tmp_path, check=1).stderr
    (tmp_path / "other.csv").write_text("c\n1\n")
    (tmp_path / "empty.csv").write_text("c,d\nNA,1\n")
    (tmp_path / "rowless.csv").write_text("c\n")
    (tmp_path / "text.csv").write_text("c\nx\n")
    assert "has text" in run("drift", "other.csv", "text.csv", cwd=tmp_path, check=1).stderr
    assert "no rows" in run("drift", "other.csv", "rowless.csv", cwd=tmp_path, check=1).stderr
    gap = run("drift", "other.csv", "empty.csv", "--format", "evidently-legacy", cwd=tmp_path, check=1)
    assert "no value" in gap.stderr
