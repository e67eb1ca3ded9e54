"""Prints the ranges of src/base/words.cpp: what Python's regular expressions count as \\w.

    .deps/mlflow3/bin/python tests/golden/base/make_words.py
"""

import re
import textwrap

WORD = re.compile(r"\w")


def ranges():
    found, start = [], None
    for point in range(0x80, 0x110000):
        here = not 0xD800 <= point < 0xE000 and WORD.match(chr(point)) is not None
        if here and start is None:
            start = point
        if not here and start is not None:
            found.append((start, point - 1))
            start = None
    return found


text = ", ".join(f"{{0x{a:X}, 0x{b:X}}}" for a, b in ranges())
print("constexpr Range kWords[] = {")
print("\n".join("    " + line for line in textwrap.wrap(text, 124, break_on_hyphens=False)))
print("};")
