"""What must hold in a repository after anything, looked at from outside; and repositories to be killed in."""

import json
import os
import random
import re
import shutil
import subprocess

from . import repos

FILES = 250


def sound_objects(root):
    """Every object that is marked as good (0444) has the content that its name says."""
    for base, _, files in os.walk(root):
        if f"{os.sep}runs{os.sep}" in base + os.sep:
            continue
        for name in files:
            path = os.path.join(base, name)
            if not re.fullmatch(r"[0-9a-f]{30}(\.dir)?", name) or os.stat(path).st_mode & 0o777 != 0o444:
                continue
            with open(path, "rb") as file:
                digest = repos.md5(file.read())
            assert digest == os.path.basename(base) + name.removesuffix(".dir"), f"{path} is marked as sound and is not"


def folders_are_whole(root, real_children=True):
    """A `.dir` object is there only with all its children."""
    for base, _, files in os.walk(root):
        for name in files:
            if re.fullmatch(r"[0-9a-f]{30}\.dir", name):
                with open(os.path.join(base, name), "rb") as file:
                    children = [one["md5"] for one in json.load(file)]
                missing = [one for one in children if not os.path.exists(os.path.join(root, "files/md5", one[:2], one[2:]))]
                assert not missing, f"{name} is there, {len(missing)} of its {len(children)} children are not"


def nothing_lost(contents, *places):
    """Each content (md5 -> name) is still somewhere: in the workspace or in the cache."""
    there = set()
    for place in places:
        for base, _, files in os.walk(place):
            for name in files:
                path = os.path.join(base, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        there.add(repos.md5(file.read()))
    lost = {name for digest, name in contents.items() if digest not in there}
    assert not lost, f"lost: {sorted(lost)[:5]} ({len(lost)})"


def contents_of(repo, *names):
    found = {}
    for name in names:
        path = repo.path / name
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        for file in files:
            found[repos.md5(file.read_bytes())] = str(file.relative_to(repo.path))
    return found


def write_tree(repo, name, seed, files=FILES):
    chance = random.Random(seed)
    for number in range(files):
        repo.write(f"{name}/{number % 7}/{number % 3}/f{number}", chance.randbytes(chance.choice([0, 1, 100, 3000, 20000])))


def copy(repo, path):
    """A copy with the same times, for one round."""
    if os.path.exists(path):
        shutil.rmtree(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run(["cp", "-a", str(repo.path), str(path)], check=True)
    return repos.Repo(path, repo.env)
