"""Writes config.jsonl: `dvc config`, `dvc remote …` and `dvc cache dir` as the real tool answers and leaves its files.

Run with the Python of an environment that has dvc 3.67.1:  python make_config.py > config.jsonl
Each line is one step: {"files": before, "argv", "exit", "out", "err", "after": files}; files are system, global, repo, local (absent:
no such file). The project lies in /r, the two folders beside it; the command runs in /r/sub (or in /out, outside of any project).
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

TOP = tempfile.mkdtemp(prefix='cfg', dir='/tmp')
assert len(TOP) % 8 == 0, TOP  # cutting it out must not move the columns of `remote list`
DVC = os.path.join(os.path.dirname(sys.executable), 'dvc')
PLACES = {'system': 'sys/config', 'global': 'glob/config', 'repo': 'r/.dvc/config', 'local': 'r/.dvc/config.local'}
ENV = dict(os.environ, DVC_NO_ANALYTICS='1', DVC_SYSTEM_CONFIG_DIR=TOP + '/sys', DVC_GLOBAL_CONFIG_DIR=TOP + '/glob', COLUMNS='80',
           HOME='/home/u', NO_COLOR='1')


def plain(text):
    return text.replace(TOP, '')


def read_files():
    files = {}
    for level, place in PLACES.items():
        path = os.path.join(TOP, place)
        if os.path.exists(path):
            with open(path, encoding='utf-8', newline='') as file:
                files[level] = file.read()
    return files


def write_files(files):
    for place in ('sys', 'glob', 'r/.dvc', 'r/sub', 'out'):
        os.makedirs(os.path.join(TOP, place), exist_ok=True)
    for level, place in PLACES.items():
        path = os.path.join(TOP, place)
        if level in files:
            with open(path, 'w', encoding='utf-8', newline='') as file:
                file.write(files[level])
        elif os.path.exists(path):
            os.unlink(path)


def step(files, argv, cwd='r/sub'):
    write_files(files)
    done = subprocess.run([DVC, *argv], cwd=os.path.join(TOP, cwd), env=ENV, capture_output=True, text=True, check=False)
    out = done.stdout if done.returncode != 254 else ''
    after = read_files()
    if "unexpected error - 'remote'" in done.stderr:  # a crash of `remote default --system NAME`, which needs no copy
        return after
    print(json.dumps({'files': files, 'argv': argv, 'cwd': '/' + cwd, 'exit': done.returncode, 'out': plain(out),
                      'err': plain(done.stderr), 'after': after}))
    sys.stdout.flush()
    return after


def run(files, *commands, cwd='r/sub'):
    for command in commands:
        files = step(files, command.split(' ') if isinstance(command, str) else command, cwd)


BASE = {'repo': "[core]\n    remote = s\n['remote \"s\"']\n    url = s3://b/p\n['remote \"l\"']\n    url = ../../data\n    type = hardlink, copy\n"}
run({'repo': ''}, 'remote add S ../r', 'remote add -d s s3://b/p', 'remote add -d -f s s3://b/p', 'remote list', 'config -l',
    'remote add -d t ~/x', 'remote add u /abs/p', ['remote', 'add', 'x y', 'a,b'], ['remote', 'add', 'q', 'a"b'], ['remote', 'add', 'h', 'a#b'],
    'config -l --show-origin', 'remote rename t v', 'remote default', 'remote remove v', 'remote default', 'remote list', 'remote remove v')
run(BASE, 'config core.autostage true', 'config core.AutoStage', 'config -u core.autostage', 'config -u core.autostage', 'config core.foo 1',
    'config foo.bar 1', 'config a.b.c', 'config a', 'config -l core.x', 'config', 'config --show-origin core.x y', 'config --show-origin core.remote',
    'config --local core.remote', 'config --local core.remote l', 'config core.remote', 'config --show-origin core.remote', 'config -l --local',
    'config --global core.checksum_jobs 4', 'config --system core.analytics false', 'config -l --show-origin', 'config remote.l.url',
    'config remote.l.url ../zz', 'config remote.l.type', 'config remote.n.user me', 'config remote.n.url ssh://h/p', 'config db.d.url x', 'config -l',
    'remote list', 'remote default --unset', 'remote default nosuch', 'remote default l', 'remote default l --local', 'remote rename l L2',
    'remote default', 'remote modify s profile p', 'remote modify s nosuch p', 'remote modify nosuch url p', 'remote modify s profile --unset',
    'remote modify s credentialpath creds', 'remote modify --local s access_key_id K', 'config -l --show-origin', 'remote modify S URL x',
    'remote modify s read_timeout 5', 'remote modify s read_timeout 5x', 'remote remove s', 'remote remove s --local', 'config -l')
run(BASE, 'cache dir', 'cache dir ../c', 'cache dir', 'cache dir --local', 'cache dir --local /abs/c', 'cache dir', 'cache dir -u', 'cache dir -u',
    'cache dir --global', 'cache dir --global ~/c', 'cache dir -u --local', 'cache dir')
run(BASE, 'config cache.type a,copy', 'config cache.type reflink,copy', 'config cache.type', 'config cache.shared x', 'config cache.shared Group',
    'config core.checksum_jobs 0', 'config core.checksum_jobs x', 'config core.checksum_jobs 1_0', 'config core.checksum_jobs -1',
    'config state.row_cleanup_quota 101', 'config state.row_cleanup_quota 100', 'config parsing.bool x', 'config parsing.bool boolean_optional',
    'config parsing.list append', 'config exp.auto_push maybe', 'config exp.git_remote origin', 'config hydra.config_dir a',
    'config hydra.config_module b', 'config plots.auto_open true', 'config studio.offline true', 'config feature.x 1', 'config machine.x.y 1',
    'config core.remote', ['config', 'core.site_cache_dir', ''], ['config', 'core.site_cache_dir', ' x'], ['config', 'core.site_cache_dir', 'a\nb'],
    ['config', 'core.site_cache_dir', '\'"'], 'config -l')
LONG = 's3://bucket/' + 'abcdefghij' * 10 + '/some words here and more words'
run({'repo': ''}, ['remote', 'add', 'long', LONG], ['remote', 'add', 'b', 's3://b/' + 'word ' * 20], 'remote add another_long_name ssh://h/p -d', 'remote list')
OUTSIDE = {'global': '[core]\nremote = g\n["remote \\"g\\""]\nurl = /g\n', 'repo': '[bad]\nx=1\n'}
OUTSIDE['global'] = "[core]\nremote = g\n['remote \"g\"']\nurl = ../g\n"
run(OUTSIDE, 'config -l', 'config core.remote', 'config core.remote x', 'config --local -l', 'config --global core.autostage true',
    'remote list --global', 'remote add x y', 'remote add --global x y', 'remote remove --global x', 'cache dir', 'remote default', cwd='out')
# Files that are wrong, read by different commands.
for text in ['[core\n', '[core]\nx', '[core]\nremote = a\nremote = b\n', 'core = 1\n', 'remote = 1\n', '[remote]\nx = 1\n', '[remote]\n[[y]]\nurl = u\n',
             'cache = 1\n', "['remote \"a\"']\nurl = a, b\n", '[core]\nremote = %(x)s\n', '[core]\nremote = %(remote)s\n', "[remote \"s\"]\nurl = b://x/y\n",
             "[ 'remote \"s\"' ]\nurl = HTTP://x/y\nauth = x\n", "['remote \"s\"']\nprofile = x\n", '[Core]\nREMOTE = X\n[core]\nremote = y\n',
             "['remote \"s\"']\nurl = http://x/y\nconnect_timeout = 0.5\nread_timeout = -1\n", "['remote \"s\"']\nurl = ssh://u@h:22/p\nport = z\n",
             "['remote \"s\"']\nurl = hdfs://h/p\nreplication = 3\n", "['remote \"s\"']\nurl = remote://other/p\nanything = 1\n",
             "['remote \"s\"']\nurl = http://[x/y\n", '[core]\nchecksum_jobs = 2, 3\n', '[core]\nautostage = a, b\n', '[cache]\ntype = reflink, x\n',
             '[core]\nautostage = TRUE\n', '[hydra]\nconfig_dir = a\nconfig_module = b\n', '# only\n\n', '\ufeff[core]\n', "[core]\nx = 'a\n",
             '[core]\n[[inner]]\na = 1\n', '[core]\nremote = """a\nb"""\n', "['remote \"s\"']\nurl = ./a/../b//c/\n"]:
    for argv in (['config', '-l'], ['config', 'exp.git_remote', 'o'], ['remote', 'list']):
        step({'repo': text}, argv)
    step({'repo': '', 'local': text}, ['config', 'core.autostage', 'true'])

rng = random.Random(7)
NAMES = ['a', 'B', 'c d', 'e-1']
URLS = ['s3://b', '../x', '/y/z', 'ssh://h/p', '~/k', 'x/../y', 'http://h', 'a, b', 'remote://a/q', '.', '']
LEVELS = [[], [], [], ['--local'], ['--global'], ['--system'], ['--project']]


def random_command():
    name, url, level = rng.choice(NAMES), rng.choice(URLS), rng.choice(LEVELS)
    return rng.choice([
        ['remote', 'add', *level, name, url], ['remote', 'add', '-d', '-f', *level, name, url], ['remote', 'remove', *level, name],
        ['remote', 'modify', *level, name, rng.choice(['url', 'user', 'jobs', 'profile', 'keyfile', 'ssl_verify']), rng.choice(['1', url, 'true'])],
        ['remote', 'default', *level, name], ['remote', 'default', *level], ['remote', 'rename', *level, name, rng.choice(NAMES)],
        ['config', '-l', *level], ['config', '-l', '--show-origin', *level], ['cache', 'dir', *level, url], ['cache', 'dir', *level],
        ['config', *level, rng.choice(['core.remote', 'core.jobs', 'remote.a.url', 'cache.dir', 'cache.type', 'core.checksum_jobs']),
         rng.choice(['copy', '3', url])],
        ['config', *level, '-u', rng.choice(['core.remote', 'cache.dir', 'remote.a.url'])], ['remote', 'list', *level]])


for _ in range(12):
    state = {'repo': ''}
    for _ in range(12):
        state = step(state, random_command())
shutil.rmtree(TOP)
