"""Writes json.jsonl: what Python's json says about texts. Run: python3 make_json.py > json.jsonl

Each line is a list [text, ok, dumps, dumps_sorted]; ok is false where json.loads (with duplicate keys refused) fails."""

import json
import random
import struct

TEXTS = [
    "null", "true", "false", "0", "-0", "1", "-17", "9223372036854775807", "-9223372036854775808", "1.0", "1e5", "1E-5", "0.1", "1e16",
    "123456789012345678.0", "1e-4", "0.00012", "1e-05", "5e-324", "1.7976931348623157e308", "1e22", "1e23", "-0.0", "100000.0",
    "1234567890123456.0", "12345678901234567.0", "[]", "{}", "[[]]", '""', '"a"', '"\\u00e9"', '"\u00e9\u20ac\U0001f600"',
    '"\\ud83d\\ude00"', '"\\u0000\\u001f\\u007f"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '{"b": 1, "a": [1, 2.5, {"c": null}]}',
    '{"\u00e9": 1, "z": 2, "A": 3, "\uffff": 4, "\U00010000": 5}', " [ 1 , 2 ] \n", '{"a":{"a":{"a":[1,[2,[3]]]}}}', "NaN", "[Infinity, -Infinity]",
    "", " ", "nul", "tru", "01", "-01", "1.", ".5", "+1", "1e", "1e+", "-", "[1,]", "[1 2]", "[", "]", "{", '{"a"}', '{"a":}', '{"a":1,}',
    '{a:1}', '{"a":1 "b":2}', "'a'", '"a', '"\\x"', '"\\u12"', '"\\u12g4"', '"\t"', "1 2", "[1]]", '{"a":1,"a":2}', '{"a":{"b":1,"b":1}}', "nan",
    "0x10", "1_000", "\ufeff1", "//1", "[1,,2]", "{,}", "truefalse", "- 1",
]


def refuse_duplicates(pairs):
    if len({k for k, _ in pairs}) != len(pairs):
        raise ValueError("duplicate")
    return dict(pairs)


def main():
    rng = random.Random(7)
    for _ in range(400):
        TEXTS.append(repr(struct.unpack("<d", rng.randbytes(8))[0]))
        TEXTS.append("%.*g" % (rng.randint(1, 17), rng.uniform(-1, 1) * 10.0 ** rng.randint(-8, 20)))
    for text in TEXTS:
        try:
            value = json.loads(text, object_pairs_hook=refuse_duplicates)
            row = [text, True, json.dumps(value), json.dumps(value, sort_keys=True)]
        except ValueError:
            row = [text, False, "", ""]
        print(json.dumps(row))


main()
