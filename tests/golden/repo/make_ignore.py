"""Writes ignore_patterns.jsonl and ignore_trees.jsonl: random .dvcignore patterns and trees as DVC (and pathspec) judge them.

Run with the Python of an environment that has dvc 3.67.1:  python make_ignore.py
  patterns: {"pattern", "error"} | {"pattern", "none": true} | {"pattern", "ignores", "folders", "paths": {path: matches}}
  trees: {"files": {path: text}, "subrepos": [...], "entries": [[path, is_dir, ignored, ignored with subrepos, [rules of check-ignore]]]}
"""
import json
import os
import random
import re
import shutil
import tempfile
import warnings

from dvc.fs import LocalFileSystem
from dvc.ignore import DvcIgnoreFilter
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

warnings.simplefilter('ignore')
rng = random.Random(4)
PARTS = ['a', 'b', 'ab', 'a.b', 'foo', '.x', 'b c', '\u00e9', 'data', 'x.tmp', 'A', '-', ']', '^', 'a\\b', '!x', '#h', 'n\nl', 'end\n', '\udcff']
GLOBS = ['*', '**', '?', '[ab]', '[!a]', '[^b]', '[a-c]', '[]x]', '[!]a]', '[a-]', '[', ']', '\\', '\\*', '\\!', '\\ ', '/', '/', '/', '***', '[.-]',
         '[\\]', '[\\-a]', '[[:alpha:]]', ' ', '\t', '!', '#', '.', '$', '(', '|', '+', '{a,b}', 'a', 'b', 'foo', 'x', '*.tmp', '**/', '/**', '\u00e9', '[\u00e0-\u00ef]']
COMMON = ['*.tmp', 'foo', '/foo', 'foo/', '!foo', '**/foo', 'foo/**', 'a/*', 'a/**/b', '*', '/*', '!*', '*/', '**', '**/', '/', '!', '!/', '#x', '\\#h', '\\!x', 'a/b/',
          '/a/b', '.x', 'data*', '*a', '.*', '!a/b', '*/b', 'a b', '***', '**a', 'a**', '**/a/**', '//a', 'a//b', './a', '../a', 'a/.', 'a\\', 'foo\\ ', ' foo', 'foo ']


def random_pattern():
    if rng.random() < 0.35:
        return rng.choice(COMMON)
    return ''.join(rng.choice(GLOBS) for _ in range(rng.randint(1, 5)))


def random_path():
    return '/'.join(rng.choice(PARTS) for _ in range(rng.randint(1, 4)))


def judge(pattern):
    try:
        regex, ignores = GitIgnoreSpecPattern.pattern_to_regex(pattern)
        if regex is None:
            return {'pattern': pattern, 'none': True}
        compiled = re.compile(regex)
    except Exception as error:  # noqa: BLE001
        return {'pattern': pattern, 'error': re.sub(r' at position \d+$', '', str(error))}
    paths = [random_path() for _ in range(6)]
    paths += [p + '/' for p in paths[:3]] + [p + '/' + random_path() for p in paths[:2]]
    return {'pattern': pattern, 'ignores': ignores, 'folders': pattern.endswith('/'),
            'paths': {p: bool(compiled.match(p)) for p in paths}}


with open('ignore_patterns.jsonl', 'w', encoding='utf-8') as out:
    for _ in range(3500):
        out.write(json.dumps(judge(random_pattern())) + '\n')

NAMES = ['a', 'b', 'foo', 'x.tmp', 'data', '.x', '\u00e9', 'b c', '!x', 'n\nl', 'a[1]', 'end\n']
RULES = [p for p in COMMON if p not in ('!', 'a\\', 'foo\\ ')] + ['x.tmp', 'b', '/b', 'b/', '!b', '!/b', '!*.tmp', 'foo/*', '!foo/a', '.dvcignore', 'a[1]', '?', '[a-f]*',
                                                              '!a', '!a/', '**/b', 'b/**', '!**', 'a/b/foo', '  b  ', '\u00e9', 'b c', '\\!x', '\\#h', 'data/x.tmp']


def tree():
    top = tempfile.mkdtemp()
    os.mkdir(os.path.join(top, '.dvc'))
    folders, entries = [''], []
    for _ in range(rng.randint(4, 12)):
        parent, name = rng.choice(folders), rng.choice(NAMES)
        path = os.path.join(parent, name)
        if os.path.exists(os.path.join(top, path)) or path.count('/') > 3:
            continue
        folder = rng.random() < 0.55
        if folder:
            os.mkdir(os.path.join(top, path))
            folders.append(path)
        else:
            open(os.path.join(top, path), 'w').close()
        entries.append((path, folder))
    files, subrepos = {}, []
    for folder in folders:
        if rng.random() < (0.9 if folder == '' else 0.35):
            text = rng.choice(['\n', '\n', '\r\n']).join(rng.choice(RULES) for _ in range(rng.randint(1, 4)))
            path = os.path.join(folder, '.dvcignore')
            with open(os.path.join(top, path), 'w', encoding='utf-8', newline='') as file:
                file.write(text)
            files[path] = text
            entries.append((path, False))
        if folder and rng.random() < 0.1 and '[' not in folder and '!' not in folder:
            os.mkdir(os.path.join(top, folder, '.dvc'))
            subrepos.append(folder)
    fs = LocalFileSystem()
    rows = []
    for path, folder in entries:
        full = os.path.join(top, path)
        one = DvcIgnoreFilter(fs, top)
        ask = one.is_ignored_dir if folder else one.is_ignored_file
        rules = [str(info) for info in DvcIgnoreFilter(fs, top).check_ignore(full).pattern_infos]
        rows.append([path, folder, ask(full), ask(full, ignore_subrepos=False), rules])
    # The walk must agree with the single questions, else the tree says nothing about walks.
    walked = set()
    for root, dirs, names in DvcIgnoreFilter(fs, top).walk(fs, top):
        walked |= {os.path.relpath(os.path.join(root, n), top) for n in [*dirs, *names]}
    for path, _, ignored, _, _ in rows:
        assert (path in walked) != ignored, (files, path)
    shutil.rmtree(top)
    return {'files': files, 'subrepos': subrepos, 'entries': rows}


with open('ignore_trees.jsonl', 'w', encoding='utf-8') as out:
    done = 0
    while done < 260:
        try:
            line = json.dumps(tree())
        except AssertionError:
            continue
        out.write(line + '\n')
        done += 1
