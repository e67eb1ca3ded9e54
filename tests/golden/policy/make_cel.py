"""Writes cel.tsv: what Google's own CEL (PyPI cel-expr-python, the C++ runtime) gives for each line of expressions.txt.

    pip install cel-expr-python==0.1.3 && python make_cel.py

A line of cel.tsv is the expression (line ends as ␤), a tab and the value, or "error". The check of types before evaluation is off
(there is none in mlean). Multi-line literals: a line of expressions.txt that opens a triple-quoted string ends with the line closing it.
"""
import datetime
import math
import pathlib

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

HERE = pathlib.Path(__file__).parent
VARIABLES = {
    "m": {"a": 1, "l": [10, 20], "auc": 0.7, "x-y": 3},
    "prod": {"auc": 0.65},
    "s": "text",
    "i": 7,
    "d": 2.5,
}


def show(value):
    plain = value.value()
    if plain is None:
        return "null"
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, int):
        return f"{plain}u" if value.type() == cel.Type.UINT else str(plain)
    if isinstance(plain, float):
        if math.isnan(plain):
            return "nan"
        if math.isinf(plain):
            return "inf" if plain > 0 else "-inf"
        return f"double:{plain!r}"
    if isinstance(plain, str):
        return quote(plain)
    if isinstance(plain, (bytes, bytearray)):
        return "bytes:" + plain.hex()
    if isinstance(plain, list):
        return "[" + ", ".join(show(element) for element in plain) + "]"
    if isinstance(plain, dict):
        return f"map of {len(plain)}"
    if isinstance(plain, datetime.timedelta):
        return f"duration of {plain // datetime.timedelta(microseconds=1)} us"
    return str(plain)


def quote(text):
    out = '"'
    for c in text:
        if c in '"\\':
            out += "\\" + c
        elif c == "\n":
            out += "\\n"
        elif ord(c) < 0x20 or ord(c) == 0x7F:
            out += f"\\x{ord(c):02x}"
        else:
            out += c
    return out + '"'


def expressions():
    pending = ""
    for line in (HERE / "expressions.txt").read_text().split("\n"):
        if not pending and (not line or line.startswith("#")):
            continue
        pending = f"{pending}\n{line}" if pending else line
        if pending.count('"""') == 1:
            continue
        yield pending
        pending = ""


def main():
    env = cel.NewEnv(variables={name: cel.Type.DYN for name in VARIABLES}, extensions=[ext_strings.ExtStrings()])
    lines = []
    for expression in expressions():
        try:
            value = env.compile(expression, disable_check=True).eval(data=VARIABLES)
            shown = show(value) if value.type() != cel.Type.ERROR else "error"
        except Exception:
            shown = "error"
        lines.append(expression.replace("\n", "␤") + "\t" + shown)
    (HERE / "cel.tsv").write_text("\n".join(lines) + "\n")


main()
