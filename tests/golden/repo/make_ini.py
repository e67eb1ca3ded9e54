"""Writes ini.jsonl: random INI texts with what ConfigObj 5 makes of them, and random trees with what it writes.

Run with the Python of an environment that has dvc 3.67.1:  python make_ini.py > ini.jsonl
Lines: {"text", "tree"} or {"text", "error", "kind": "SyntaxError"|"other"}; {"write", "text"} or {"write", "error"}.
"""
import io
import json
import random

from configobj import ConfigObj

rng = random.Random(20240607)
ALPHABET = [' ', '  ', '\t', '=', ' = ', '"', "'", ',', ', ', '#', ' # ', '[', ']', 'a', 'b', 'core', 'url', '"""', "'''", '%(a)s', '%',
            '\\', ':', '/', '\u00e9', '\u00a0', '\u2028', '\x0b', '\x1c', '\r', '.', '-']
LINES = ['[core]', "['remote \"s\"']", '[remote "s"]', '[[x]]', '[ a ]', 'a = 1', 'b = "x, y"', 'url = s3://b/p', 'l = a, b', 'e =', 'c = ,',
         '# comment', '', 'k = "v" # c', "t = '''x", "y'''", 'n = """one"""', 'i = %(a)s/x', 'DEFAULT = 1', '[DEFAULT]', 'x = "a\'b"', ' [ [ z ] ] # c',
         'q = a#b', 'r = "a#b"', 'no equals', '"k" = v', "'k = v", '= v', ' = v']


def random_line():
    if rng.random() < 0.6:
        return rng.choice(LINES)
    return ''.join(rng.choice(ALPHABET) for _ in range(rng.randint(1, 9)))


def random_text():
    return rng.choice(['\n', '\n', '\n', '\r\n']).join(random_line() for _ in range(rng.randint(1, 6)))


def parse(text):
    stream = io.StringIO(io.StringIO(text, newline=None).read())
    try:
        conf = ConfigObj(stream)
    except SyntaxError as error:
        return {'text': text, 'error': str(error), 'kind': 'SyntaxError'}
    try:
        return {'text': text, 'tree': conf.dict()}
    except Exception as error:  # noqa: BLE001
        return {'text': text, 'error': str(error), 'kind': 'other'}


def random_value():
    if rng.random() < 0.15:
        return [random_value_text() for _ in range(rng.randint(0, 3))]
    return random_value_text()


def random_value_text():
    parts = ALPHABET + ['\n', 'x y', '"', "'"]
    return ''.join(rng.choice(parts) for _ in range(rng.randint(0, 4)))


def random_tree(depth):
    tree = {}
    for _ in range(rng.randint(0, 4)):
        key = random_value_text() if rng.random() < 0.3 else rng.choice(['a', 'b', 'url', 'remote "x"', "it's"])
        tree[key] = random_tree(depth - 1) if depth and rng.random() < 0.4 else random_value()
    return tree


def write(tree):
    try:
        out = ConfigObj(tree, encoding='utf-8')
        stream = io.BytesIO()
        out.write(stream)
        return {'write': tree, 'text': stream.getvalue().decode()}
    except SyntaxError as error:
        return {'write': tree, 'error': str(error)}


for _ in range(2500):
    print(json.dumps(parse(random_text())))
for _ in range(2500):
    print(json.dumps(parse('k = ' + ''.join(rng.choice(ALPHABET[:14]) for _ in range(rng.randint(1, 8))))))
for _ in range(1000):
    print(json.dumps(write(random_tree(2))))
