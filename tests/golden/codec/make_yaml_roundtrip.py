"""What ruamel.yaml's round-trip mode leaves of odd texts: golden values for YamlTree.

Writes yaml_roundtrip.jsonl, a line a case:
  {"text", "dump"}            the text loaded and dumped
  {"text", "value", "dump"}   the same with DVC's apply_diff(value, loaded) in between
  {"text", "error": [context, line, column, problem, line, column]}
Run in an environment with dvc 3.67.1 and ruamel.yaml 0.19.1.
"""

import copy
import io
import json
import random
import sys
import warnings

from dvc.utils.collections import apply_diff
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

warnings.simplefilter("ignore")
rng = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 900

KEYS = ["cmd", "deps", "outs", "md5", "path", "desc", "meta", "a", "b c", "x-1", "12", "k.l", "frozen", "size"]
PLAIN = ["x", "python train.py", "data/raw", "12", "010", "0x1F", "0o17", "1_000", "1.50", "0.10", "1e3", "1.0e-05", "-3.25", "+7",
         "true", "False", "null", "~", "2020-01-02", "a: 'b'".replace(": ", ":"), "ü", "yes", ".5", "5.", "-0", "1E+2", "3.", "00.1",
         "some rather long text that goes on and on until it must be folded because it is far over eighty characters wide",
         "https://example.com/a#b", "a'b", "0b101", "0x_ab", "12e03", "100_000.5", "1.2.3", "2020-01-02 03:04:05", ".inf", ".nan"]
QUOTED = ["'x'", '"x"', "'it''s'", '"a\\nb"', "''", '""', "'1'", '"true"', "'# no'", '"tab\\tend"', "'a: b'", "'- x'",
          "'long quoted text that goes on and on until it must be folded because it is far over eighty characters'",
          '"long: quoted text that goes on and on until it must be folded, because it is far over eighty characters"']


def comment():
    return rng.choice(["# c", "#x", "# a longer comment: with 'quotes'", "#", "# ü"])


def eol():
    if rng.random() < 0.25:
        return " " * rng.choice([1, 1, 2, 5]) + comment()
    return " " * rng.choice([0, 0, 0, 1])


def before(indent):
    lines = []
    for _ in range(3):
        r = rng.random()
        if r < 0.08:
            lines.append("")
        elif r < 0.18:
            lines.append(" " * rng.choice([indent, indent, 0, indent + 2]) + comment())
    return lines


def flow(depth=0):
    r = rng.random()
    if depth > 1 or r < 0.5:
        return rng.choice([p for p in PLAIN if ":" not in p and "," not in p and len(p) < 40] + QUOTED[:6])
    n = rng.randint(0, 4)
    gap = rng.choice(["", " "])
    if r < 0.8:
        return "[" + gap + ("," + rng.choice([" ", " ", "  "])).join(flow(depth + 1) for _ in range(n)) + gap + "]"
    return "{" + gap + ", ".join(f"{k}: {flow(depth + 1)}" for k in rng.sample(KEYS, min(n, 3))) + gap + "}"


def block_text(indent):
    lines = []
    for _ in range(rng.randint(1, 4)):
        lines.append("" if rng.random() < 0.15 else " " * indent + rng.choice(["first line", "second: line", "  more", "x"]))
    if not lines[0].strip() or lines[0].startswith(" " * (indent + 1)):
        lines[0] = " " * indent + "start"
    return lines


def value(indent, depth, header=True):
    """Text behind "key:" or "-", and the lines that follow."""
    r = rng.random()
    if r < 0.42:
        return " " + rng.choice(PLAIN) + eol(), []
    if r < 0.56:
        return " " + rng.choice(QUOTED) + eol(), []
    if r < 0.62:
        return eol(), []
    if r < 0.72:
        return " " + flow() + eol(), []
    if r < 0.78:
        style = rng.choice(["|", "|-", ">", ">-", "|+", ">+"])
        return " " + style + (" # why" if header and rng.random() < 0.1 else ""), block_text(indent + rng.choice([2, 4]))
    if depth > 2:
        return " " + rng.choice(PLAIN), []
    step = rng.choice([2, 2, 4, 3])
    if r < 0.89:
        return eol(), block_map(indent + step, depth + 1)
    return eol(), block_list(indent + rng.choice([0, 2]), depth + 1)


def block_map(indent, depth):
    lines = []
    for key in rng.sample(KEYS, rng.randint(1, 4)):
        lines += before(indent)
        if rng.random() < 0.1:
            key = f"'{key}'"
        head, rest = value(indent, depth)
        lines.append(" " * indent + key + ":" + head)
        lines += rest
    return lines


def block_list(indent, depth):
    lines = []
    for _ in range(rng.randint(1, 4)):
        lines += before(indent)
        r = rng.random()
        if r < 0.25 and depth < 3:
            inner = block_map(indent + 2, depth + 1)
            while inner and (not inner[0].strip() or inner[0].lstrip().startswith("#")):
                inner.pop(0)
            inner[0] = " " * indent + "- " + inner[0][indent + 2:]
            lines += inner
        else:
            head, rest = value(indent, depth + 2 if r < 0.9 else depth, False)  # ruamel drops all comments of such a list
            lines.append(" " * indent + "-" + head)
            lines += rest
    return lines


def document():
    lines = before(0)
    if rng.random() < 0.1:
        lines.append("---")
    lines += block_map(0, 0) if rng.random() < 0.93 else block_list(0, 0)
    lines += before(0)
    return "\n".join(lines) + rng.choice(["\n", "\n", "\n", "", "\n\n"])


def load(text):
    return YAML(typ="rt").load(text)


def dump(data):
    yaml = YAML()
    yaml.default_flow_style = False
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def mutate(data, depth=0):
    """A changed copy, as DVC would have from a stage."""
    if isinstance(data, dict):
        out = {}
        for k, v in data.items():
            r = rng.random()
            if r < 0.08:
                continue
            out[k] = mutate(v, depth + 1)
        if rng.random() < 0.25:
            out[rng.choice(["new", "hash", "zz"])] = rng.choice(["md5", 5, True, ["p", "q"], {"k": "v"}])
        return out
    if isinstance(data, list):
        out = [mutate(v, depth + 1) for v in data]
        if rng.random() < 0.2:
            out.append(rng.choice(["more", 7, {"p": 1}]))
        elif out and rng.random() < 0.1:
            out.pop(rng.randrange(len(out)))
        return out
    if rng.random() < 0.15:
        return rng.choice(["changed", 42, 0.5, False, None, "two\nlines"])
    return data


def plain(data):
    if isinstance(data, dict):
        return all(type(k) is str and plain(v) for k, v in data.items())
    if isinstance(data, list):
        return all(plain(v) for v in data)
    return data is None or isinstance(data, (str, int, float, bool))


def break_text(text):
    at = rng.randrange(len(text))
    r = rng.random()
    if r < 0.5:
        return text[:at] + rng.choice(["[", "]", "{", "}", ":", "- ", "'", '"', "\t", "&a ", "*b", "!t ", "%", "@", "\n", ", ", "? "]) + text[at:]
    if r < 0.8:
        return text[:at] + text[at + rng.randint(1, 3):]
    return text[:at] + "\n" + " " * rng.randint(0, 5) + text[at:]


def sound(text, value):
    """ruamel's folding loses blanks of some texts, and it writes "[]" where it cannot be read."""
    try:
        return YAML(typ="safe").load(text) == value
    except Exception:
        return False


def mark(m):
    return [None, None] if m is None else [m.line, m.column]


rows = []
while len(rows) < COUNT:
    text = document()
    try:
        safe = YAML(typ="safe").load(text)
        loaded = load(text)
        if sound(dump(loaded), safe):
            rows.append({"text": text, "dump": dump(loaded)})
        if rng.random() < 0.8 and isinstance(safe, (dict, list)) and plain(safe):
            changed = mutate(copy.deepcopy(safe))
            if type(changed) is type(safe):
                again = load(text)
                apply_diff(changed, again)
                if sound(dump(again), changed):
                    rows.append({"text": text, "value": changed, "dump": dump(again)})
    except Exception:
        pass
    for _ in range(2):
        broken = break_text(text)
        try:
            safe = YAML(typ="safe").load(broken)  # what DVC reads first, and whose errors it tells
            loaded = load(broken)
            if sound(dump(loaded), safe):
                rows.append({"text": broken, "dump": dump(loaded)})
        except MarkedYAMLError as exc:
            rows.append({"text": broken, "error": [exc.context, *mark(exc.context_mark), exc.problem, *mark(exc.problem_mark)]})
        except Exception:
            pass

with open("yaml_roundtrip.jsonl", "w") as file:
    for row in rows[:COUNT]:
        file.write(json.dumps(row) + "\n")
