"""Which DVC files the real DVC 3.67.1 finds in random trees: in the work tree and in a commit of all of it.

    python make_dvc_files.py > dvc_files.jsonl

One tree a line: "files" (path: text; an output stands in the text as "- path: NAME"), "links" (path: target), "folder" (of the DVC
repository in the git repository), "no_scm", "seen" and "seen_at": the paths found, from the root of the DVC repository, sorted.
"""

import json
import os
import random
import shutil
import subprocess
import tempfile

from dvc.repo import Repo
from dvc.repo.index import collect_files

NAMES = ["a", "b", "data", "out", "models"]
IGNORES = ["a", "/a", "b/", "*.dvc", "!x.dvc", "data/", "/models/*", "dvc.yaml", "out", "a/**", "**/b"]
rng = random.Random(7)


def random_tree():
    files = {}
    folders = [""]
    for _ in range(rng.randint(3, 8)):
        folders.append(os.path.join(rng.choice(folders), rng.choice(NAMES)))
    for folder in dict.fromkeys(folders):
        for name in ("x.dvc", "y.dvc", "z.txt"):
            if rng.random() < 0.4:
                files[os.path.join(folder, name)] = ""
        if rng.random() < 0.4:
            files[os.path.join(folder, "dvc.yaml")] = ""
        for name in (".gitignore", ".dvcignore"):
            if rng.random() < 0.2:
                files[os.path.join(folder, name)] = "".join(rng.choice(IGNORES) + "\n" for _ in range(rng.randint(1, 2)))
        if folder and rng.random() < 0.05:
            files[os.path.join(folder, ".dvc", "config")] = ""
    for path in files:
        if path.endswith((".dvc", "dvc.yaml")):
            used = set()
            names = [rng.choice([*NAMES, "a/b", "b/data"]) for _ in range(rng.randint(0, 2))]
            outs = [n for n in dict.fromkeys(names) if not (n in used or used.add(n))]
            files[path] = dvc_text(path, outs)
    links = {}
    if rng.random() < 0.3:
        links["link"] = rng.choice(NAMES)
    if rng.random() < 0.2:
        links["l.dvc"] = rng.choice(NAMES)
    return files, links


def dvc_text(path, outs):
    listed = "".join(f"- path: {out}\n" for out in outs)
    if path.endswith(".dvc"):
        return "outs:\n" + listed if outs else "meta: 1\n"
    if not outs:
        return "stages: {}\n"
    lines = "".join(f"    - {out}\n" for out in outs)
    return "stages:\n  s:\n    cmd: x\n    outs:\n" + lines


def seen(repo):
    found = []
    for path, _ in collect_files(repo):
        found.append(os.path.relpath(path, repo.root_dir))
    return sorted(found)


def main():
    made = 0
    while made < 60:
        files, links = random_tree()
        folder = rng.choice(["", "", "proj"])
        no_scm = rng.random() < 0.2
        base = tempfile.mkdtemp()
        root = os.path.join(base, folder)
        try:
            os.makedirs(os.path.join(root, ".dvc"), exist_ok=True)
            subprocess.run(["git", "init", "-q", base], check=True)
            with open(os.path.join(root, ".dvc", "config"), "w") as file:
                file.write("[core]\n    no_scm = True\n" if no_scm else "")
            for path, text in files.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w") as file:
                    file.write(text)
            for path, target in links.items():
                os.symlink(target, os.path.join(root, path))
            git = ["git", "-C", base, "-c", "user.name=A", "-c", "user.email=a@b.c"]
            subprocess.run([*git, "add", "-A", "-f"], check=True, capture_output=True)
            subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
            os.chdir(root)
            try:
                repo = Repo(root)
                work = seen(repo)
                at = None
                if not no_scm:
                    with repo.switch("HEAD"):
                        at = seen(repo)
            except Exception:  # a tree that DVC refuses is no use here
                continue
            made += 1
            print(json.dumps({"files": files, "links": links, "folder": folder, "no_scm": no_scm, "seen": work, "seen_at": at}))
        finally:
            os.chdir("/")
            shutil.rmtree(base)


if __name__ == "__main__":
    main()
