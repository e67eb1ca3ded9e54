"""Writes yaml_scalars.jsonl and yaml_dumps.jsonl by ruamel.yaml, set up as DVC does. Run with ruamel.yaml 0.19.1 installed.

yaml_scalars: [text, json of the value or null with a type word], read by the "safe" loader from the document "k: TEXT".
yaml_dumps: [value, text, sound] as the round-trip dumper writes them; sound is false where ruamel itself reads another value back."""

import datetime
import io
import json
import math
import random

from ruamel.yaml import YAML

PLAIN = """yes on y no off True TRUE true tRUE False null Null NULL ~ nil 010 0o10 0o17 0x1F 0X1F 0b11 0b12 1_000 1__0 1_ 1e3 1e-3 1E5 1e
1.e3 1. .5 .5e3 .5e+3 . .. + - +1 -1 +1.5 -.5 .inf -.inf +.Inf .INF .nan .NaN -.nan 12:30 12:30:45 2020-01-01 2020-1-1 0.1 00 -0 0 08 09
1_0.2_5 1.2.3 v1.0 1e400 9223372036854775807 9223372036854775808 -9223372036854775808 123456789012345678901 =  << 1,000 0.0.0 1e+3 -1e3
2020-01-01T10:00:00Z a.b -x --- 0xfffffffffffffffff infinity nan inf 1d 5% 0o 0b 0x 0x_ e3 _1 +_1 1._ ._5""".split()


def typed(value):
    if isinstance(value, (datetime.date, datetime.datetime)):
        return ["date"]
    if isinstance(value, float) and not math.isfinite(value):
        return ["float", repr(value)]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return ["float", repr(float(value))]
    return ["value", value]


def scalars():
    for text in PLAIN:
        try:
            value = YAML(typ="safe").load("k: " + text)["k"]
        except Exception:  # what ruamel cannot construct is a plain string to us
            continue
        yield [text, typed(value)]


WORDS = ["a", "b c", "x: y", "#h", "a #b", "-", "- x", "'q'", "it's", 'say "hi"', "\t", "\n", "line\nline", "é", "\U0001f600", "\u2028", "\x7f", "\x01",
         "{", "[x]", "a, b", "&a", "*b", "!t", "%d", "@at", "`t`", "?", "? x", ":", "a:", ":a", "1", "1e3", "true", "null", "2020-01-01", "~", "", " ",
         " lead", "trail ", "--- x", "...", "0o10", "<<", "=", "yes", "python train.py --lr 0.1", "\\", "a\\b", "\ufeff", "x\r\ny", "a  b", "\n\n", "a\n b", "b \nc",
         ">", "|", "\x85", "\xa0", ",", "]", "}", "a]", "a{b", "12e4", "0x1F", "1:30", "-1", "+1", ".5", "."]


def values(rng):
    for word in WORDS:
        yield {"k": word}
        yield [word]
        yield {word: 1}
    for number in [0, -1, 10**17, 0.1, 1e-5, 1e16, 1.0, -0.0, 1e300, float("inf"), float("-inf"), float("nan"), True, False, None]:
        yield {"k": number}
        yield [number, {"a": number}]
    yield from [{}, [], {"a": {}, "b": []}, [[]], [{}], [[1, [2, {"x": [3]}]], {"y": {"z": []}}], {"a": [{"b": 1, "c": [1, 2]}, "s"]}]
    words = [w for w in WORDS if w.strip() and "\n" not in w] + ["word", "longer-word", "x" * 30, "y" * 90, "--flag", "data/file.csv"]
    for _ in range(500):
        text = rng.choice([" ", " ", "  "]).join(rng.choice(words) for _ in range(rng.randint(5, 30)))
        yield rng.choice([{"k": text}, [text], {"a": {"b": [{"cmd": text}]}}])
    for _ in range(300):
        text = rng.choice([" ", "\n"]).join(rng.choice(WORDS) for _ in range(rng.randint(2, 12)))
        yield {"cmd": text}
    for _ in range(200):
        yield {"k": " ".join(rng.choice(["word", "an", "x" * rng.randint(1, 20), "--opt", "train.py"]) for _ in range(40))}


def dump(value):
    yaml = YAML()
    yaml.default_flow_style = False
    out = io.StringIO()
    yaml.dump(value, out)
    return out.getvalue()


def reads_back(value, text):
    try:
        return repr(YAML(typ="safe").load(text)) == repr(value)
    except Exception:
        return False


def main():
    with open("yaml_scalars.jsonl", "w") as f:
        for row in scalars():
            f.write(json.dumps(row) + "\n")
    with open("yaml_dumps.jsonl", "w") as f:
        for value in values(random.Random(11)):
            text = dump(value)
            f.write(json.dumps([value, text, reads_back(value, text)]) + "\n")


main()
