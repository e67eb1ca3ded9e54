"""Prints the ranges of src/metrics/display_width.cpp from the wcwidth package that DVC's tables are laid out with.

    python tests/golden/metrics/make_widths.py
"""
import textwrap

from wcwidth import wcwidth


def ranges(width):
    found, start = [], None
    for point in range(0x80, 0x110000):
        # Surrogates are no characters of UTF-8; the variation selectors and joiners are handled by the code.
        here = not 0xD800 <= point < 0xE000 and wcwidth(chr(point)) == width
        if here and start is None:
            start = point
        if not here and start is not None:
            found.append((start, point - 1))
            start = None
    return found


for name, width in (("kWide", 2), ("kZero", 0)):
    table = ranges(width)
    text = ", ".join(f"{{0x{a:X}, 0x{b:X}}}" for a, b in table)
    print(f"constexpr Range {name}[] = {{")
    print("\n".join("    " + line for line in textwrap.wrap(text, 124, break_on_hyphens=False)))
    print("};\n")
