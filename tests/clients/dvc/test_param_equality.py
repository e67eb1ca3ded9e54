"""Round trip 10: what counts as a changed parameter, and how odd values are written."""

import pytest

STAGE = "stages:\n  s:\n    cmd: echo x > o\n    params: [{}]\n    outs: [o]\n"

# (before, after): are they equal in Python?
PAIRS = [
    ("1", "1.0"), ("1", "true"), ("0", "false"), ("1.0", "true"), ("1", "'1'"), ("true", "'true'"), ("null", "''"), ("null", "0"), ("null", "false"), ("~", "null"),
    ("1", "2"), ("[1, 2]", "[1.0, 2.0]"), ("[1, 2]", "[2, 1]"), ("{a: 1, b: 2}", "{b: 2, a: 1}"), ("{a: 1}", "{a: true}"), ("[]", "{}"), ("[]", "null"), ("''", "'  '"),
    ("1e3", "1000"), ("0x10", "16"), ("010", "8"), ("010", "10"), ("0o10", "8"), ("1_000", "1000"), (".inf", ".inf"), (".nan", ".nan"), ("-0.0", "0.0"), ("0.1", "0.10000000000000001"),
    ("yes", "true"), ("12:30", "750"), ("9007199254740993", "9007199254740993.0"), ("9007199254740992", "9007199254740992.0"), ("123456789012345678901234567890", "1.2345678901234568e+29"),
    ("x", "'x'"), ("|\n  a\n", "\"a\\n\""), ("2020-01-01", "'2020-01-01'"), ("[[1], {a: [2]}]", "[[1], {a: [2]}]"), ("é", "\"\\u00e9\""),
]  # fmt: skip


@pytest.mark.parametrize("pair_of", PAIRS, ids=lambda pair: " to ".join(pair).replace("\n", "|"))
def test_change(pair_of, twins):
    """Changed or not, both agree; and the lock, the run cache and the difference are equal."""
    before, after = pair_of
    pair = twins(lambda repo: [repo.write("dvc.yaml", STAGE.format("p")), repo.write("params.yaml", f"p: {before}\n")])
    pair.run("repro", compare="code")
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.objects() == pair.b.objects()
    pair.write("params.yaml", f"p: {after}\n")
    pair.run("status", "--json", compare="json")
    pair.run("repro", compare="code")
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.objects() == pair.b.objects()


EXOTIC = """\
p:
  small: 1e-7
  smaller: 0.00001
  big: 1e16
  almost: 1e15
  huge: 1.7976931348623157e308
  third: 0.3333333333333333
  int: 123456789012345678901234567890
  neg: -0.0
  inf: .inf
  minus: -.inf
  text: ["1", "1e3", "null", "true", "~", "", " lead", "trail ", "a: b", "- x", "#c", "*a", "&a", "!t", "%p", "@at", "`tick", "{b", "[c", "a,b", "it's", "say \\"x\\""]
  more: ["multi\\nline\\n", "tab\\there", "bell\\a", "é", "☃", "\\U0001F600", "long text that goes on and on and on until it is longer than the eighty columns of a line", "x:", ":x", "?", "? x", "-", "---", "...", "=", "<<", "yes", "0x1F", "0o7", "1_0", "12:30", "2020-01-01", ".5", "+1", "null ", "NaN", ".nan"]
  nested: {a: {b: {c: [1, [2, [3]]]}}, empty: {}, none: [], "1": one, "a b": two}
  keys: {1: int, 2.5: float, true: bool, null: none}
"""


def test_exotic_values(twins):
    """In the lock, as YAML; in the keys of the run cache, as JSON; in the output of `params diff`."""
    pair = twins(lambda repo: [repo.write("dvc.yaml", STAGE.format("p.small, p.text, p.more, p.nested, p.huge, p.int, p.neg, p.inf, p.minus, p.big, p.almost, p.smaller, p.third")), repo.write("params.yaml", EXOTIC.replace("  keys: {1: int, 2.5: float, true: bool, null: none}\n", ""))])
    pair.run("repro", check=0)
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.objects() == pair.b.objects()
    pair.run("status", "--json", compare="json", check=0)
    pair.run("params", "diff", "--all", check=0)
    pair.run("params", "diff", "--all", "--json", compare="json", check=0)


LOCKED = {
    "missing-key": ("p: 1\n", "q: 1\n"),
    "list-index": ("p: [1, 2, 3]\n", "p: [1, 9, 3]\n"),
    "list-index-gone": ("p: [1, 2, 3]\n", "p: [1]\n"),
    "map-to-scalar": ("p: {a: 1}\n", "p: 1\n"),
    "dots-in-keys": ("p.a: 1\np: {a: 2}\n", "p.a: 3\np: {a: 2}\n"),
    "empty-file": ("p: 1\n", ""),
}


@pytest.mark.parametrize("key", ["p", "p.a", "p.1"])
@pytest.mark.parametrize("name", LOCKED)
def test_keys(name, key, twins):
    before, after = LOCKED[name]
    pair = twins(lambda repo: [repo.write("dvc.yaml", STAGE.format(key)), repo.write("params.yaml", before)])
    pair.run("repro", compare="code")
    pair.write("params.yaml", after)
    pair.run("status", "--json", compare="json")
    pair.run("repro", compare="code")
    assert pair.a.tracked() == pair.b.tracked()


FILES = {
    "json": ("c.json", '{"p": 1, "q": [1.0, 2e5, null]}', '{"p": 1.0, "q": [1, 200000, null]}'),
    "toml": ("c.toml", "p = 1\nq = 1979-05-27\n[t]\nx = 0x10\n", "p = 1.0\nq = 1979-05-28\n[t]\nx = 16\n"),
    "py": ("c.py", "p = 1\nclass T:\n    q = -2\n    s = (1, 2)\n", "p = True\nclass T:\n    q = -2.0\n    s = (1, 2)\n"),
    "py-tuple": ("c.py", "p = (1, 2)\n", "p = (1, 2)\n"),
    "py-expression": ("c.py", "p = 1\nq = 1 + 1\nimport os\ndef f():\n    p = 2\n", "p = 1\nq = 3\n"),
    "yml": ("c.yml", "p: 1\n", "p: 2\n"),
    "other": ("c.conf", "p: 1\n", "p: 2\n"),
}


@pytest.mark.parametrize("name", FILES)
def test_files(name, twins):
    """A whole file of parameters, and one of its keys."""
    file, before, after = FILES[name]
    text = f"stages:\n  whole:\n    cmd: echo x > o\n    params:\n    - {file}:\n    outs: [o]\n  one:\n    cmd: echo y > o2\n    params:\n    - {file}: [p]\n    outs: [o2]\n"
    pair = twins(lambda repo: [repo.write("dvc.yaml", text), repo.write(file, before)])
    pair.run("repro", compare="code")
    assert pair.a.tracked() == pair.b.tracked()
    pair.write(file, after)
    pair.run("status", "--json", compare="json")
    pair.run("params", "diff", "--json", compare="json")
    pair.run("repro", compare="code")
    assert pair.a.tracked() == pair.b.tracked()
