"""Writes git_ignore.jsonl: random .gitignore files and trees as `git check-ignore --no-index` judges them.

Run with any Python:  python make_git_ignore.py > git_ignore.jsonl
Lines: {"files": {path: text}, "entries": [[path, is_dir, ignored]]}; "exclude" and "global" among the files are .git/info/exclude and the
user's $XDG_CONFIG_HOME/git/ignore.
"""
import json
import os
import random
import shutil
import subprocess
import tempfile

rng = random.Random(11)
NAMES = ['a', 'b', 'foo', 'x.tmp', 'data', '.x', '\u00e9', 'b c', '!x', 'a[1]', 'A', '#h', 'a-b', 'end ', 'tab\t', 'q?', 'back\\s']
RULES = ['*.tmp', 'foo', '/foo', 'foo/', '!foo', '**/foo', 'foo/**', 'a/*', 'a/**/b', '*', '/*', '!*', '*/', '**', '**/', '/', '!', '!/', '#x', '\\#h', '\\!x', 'a/b/', '/a/b',
         '.x', 'data*', '*a', '.*', '!a/b', '*/b', 'a b', '***', '**a', 'a**', '**/a/**', '//a', 'a//b', 'a\\', 'foo\\ ', ' foo', 'foo ', 'a[1]', 'a\\[1\\]', '[ab]', '[!a]',
         '[^b]', '[a-c]', '[]x]', '[!]a]', '[a-]', '[', ']', '[[:alpha:]]', '[[:upper:]]*', '[[:foo:]]', '[a[:digit:]]', '[\\]]', '[b-a]', '?', '??', 'end\\ ', 'end ', 'b*/foo', 'foo**/a',
         'f**/a', '/**/b', 'a/**', '!a/**', '!*.tmp', '!/a', '!data/', 'back\\\\s', 'q\\?', '\u00e9', '?\\?', '**/b/a', 'a/?', '!b', 'data/x.tmp', '/a/', '*[!/]b', 'a/**b', 'b**']


def tree():
    top = tempfile.mkdtemp()
    xdg = os.path.join(top, 'xdg')
    work = os.path.join(top, 'w')
    os.makedirs(os.path.join(xdg, 'git'))
    env = dict(os.environ, XDG_CONFIG_HOME=xdg, HOME=top, GIT_CONFIG_NOSYSTEM='1')
    subprocess.run(['git', 'init', '-q', work], env=env, check=True)
    folders, entries = [''], []
    for _ in range(rng.randint(5, 14)):
        parent, name = rng.choice(folders), rng.choice(NAMES)
        path = os.path.join(parent, name)
        if os.path.exists(os.path.join(work, path)) or path.count('/') > 3:
            continue
        folder = rng.random() < 0.55
        if folder:
            os.mkdir(os.path.join(work, path))
            folders.append(path)
        else:
            open(os.path.join(work, path), 'w').close()
        entries.append([path, folder])

    def rules():
        return rng.choice(['\n', '\n', '\n', '\r\n']).join(rng.choice(RULES) for _ in range(rng.randint(1, 4)))

    files = {}
    for folder in folders:
        if rng.random() < (0.9 if folder == '' else 0.3):
            files[os.path.join(folder, '.gitignore')] = rules()
    for path, text in files.items():
        with open(os.path.join(work, path), 'w', encoding='utf-8', newline='') as file:
            file.write(text)
    for name, path in (('exclude', os.path.join(work, '.git/info/exclude')), ('global', os.path.join(xdg, 'git/ignore'))):
        if rng.random() < 0.25:
            files[name] = rules()
            with open(path, 'w', encoding='utf-8', newline='') as file:
                file.write(files[name])
    asked = '\0'.join(path for path, _ in entries)
    done = subprocess.run(['git', 'check-ignore', '--no-index', '-z', '--stdin'], input=asked.encode(), cwd=work, env=env, capture_output=True, check=False)
    ignored = set(done.stdout.decode().split('\0'))
    shutil.rmtree(top)
    return {'files': files, 'entries': [[path, folder, path in ignored] for path, folder in entries]}


for _ in range(400):
    print(json.dumps(tree()))
