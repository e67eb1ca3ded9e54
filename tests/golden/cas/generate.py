"""Writes golden.json: .dir objects and file hashes as the dvc_data package (3.18) makes them.

Run with DVC 3.67.1 installed: python generate.py > golden.json
Names and contents are in hex. A content of [hex, n] is that text n times.
"""
import json
import os
import random
import sys
import tempfile

from dvc_data.hashfile.db.local import LocalHashFileDB
from dvc_data.hashfile.build import build
from dvc_data.hashfile.hash import file_md5
from dvc_data.index import DataIndex, DataIndexEntry
from dvc_data.index.diff import diff
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.meta import Meta
from dvc_objects.fs import localfs

rng = random.Random(4)
ALPHABET = ["a", "b", "A", "-", ".", " ", "0", "~", "\x01", "\x7f", '"', "\\", "\n", "\u00e9", "\u2028", "\uffff", "\U00010000",
            "\U0001f600", "\u0430", "\ue000"]


def name():
    text = "".join(rng.choice(ALPHABET) for _ in range(rng.randint(1, 4)))
    return "x" + text if text.strip(".") == "" else text


def tree(count):
    files = {}
    folders = [""]
    for _ in range(count):
        if rng.random() < 0.3:
            folders.append(rng.choice(folders) + name() + "/")
        path = rng.choice(folders) + name()
        parents = [path[:i] for i in range(len(path)) if path[i] == "/"]
        taken = any(other.startswith(path + "/") for other in files) or any(p in files for p in parents)
        if not taken:
            files[path] = bytes(rng.randrange(256) for _ in range(rng.randint(0, 6)))
    return files


def built(files):
    with tempfile.TemporaryDirectory() as root:
        for path, content in files.items():
            full = os.path.join(root, "d", path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as out:
                out.write(content)
        os.makedirs(os.path.join(root, "d"), exist_ok=True)
        odb = LocalHashFileDB(localfs, os.path.join(root, "cache"))
        _, meta, obj = build(odb, os.path.join(root, "d"), localfs, "md5", dry_run=True)
        return {"md5": obj.hash_info.value, "size": meta.size, "nfiles": meta.nfiles, "body": obj.as_bytes().decode()}


def hashes(content):
    with tempfile.NamedTemporaryFile() as out:
        out.write(content)
        out.flush()
        return {"md5": file_md5(out.name), "legacy": file_md5(out.name, name="md5-dos2unix")}


def renames(before, after):
    def index(files):
        made = DataIndex()
        for path, md5 in files.items():
            key = tuple(path.split("/"))
            made[key] = DataIndexEntry(key=key, meta=Meta(), hash_info=HashInfo("md5", md5))
        return made

    changes = []
    for change in diff(index(before), index(after), with_renames=True, hash_only=True):
        old = "/".join(change.old.key) if change.old and change.typ != "add" else None
        new = "/".join(change.new.key) if change.new and change.typ != "delete" else None
        changes.append([change.typ, old, new])
    return sorted(changes, key=str)


def main():
    trees = []
    for count in [0, 1, 2, 5, 20, 60, 200]:
        files = tree(count)
        entry = built(files)
        entry["files"] = [[os.fsencode(path).hex(), content.hex()] for path, content in files.items()]
        trees.append(entry)

    contents = []
    mib = 1 << 20
    for text, times in [(b"", 1), (b"x\r\ny\r\n", 1), (b"\r\n", 3), (b"\r", 1), (b"a\r\r\nb", 1), (b"a\0\r\n", 1), (b"\xff\r\n", 200),
                        (b"\xffabcd\r\n", 100), (b"abcdefg\xff\xfe\xfd\r\n", 50), (b"line\r\n", 200000), (b"a" * (mib - 1) + b"\r\nb", 1),
                        (b"a\r\n" * 200 + b"\0" * 10 + b"\r\n", 1), (b"\0" * mib + b"text\r\n", 1), (b"t\r\n" + b"\0" * mib, 1),
                        (b"\x08\x0c\t\r\n" * 10, 1), (b"\x1b[0m\r\n", 100)]:
        packed = hashes(text * times)
        # Long runs are written as their byte and its count.
        packed["content"] = [[run.hex(), n] for run, n in runs(text * times)]
        contents.append(packed)

    diffs = []
    for _ in range(40):
        names = [f"{a}{b}" for a in ("", "d/", "d-", "d/e/") for b in ("x", "y", "z")]
        md5s = [format(i, "032x") for i in range(4)]
        before = {n: rng.choice(md5s) for n in names if rng.random() < 0.6}
        after = {n: rng.choice(md5s) for n in names if rng.random() < 0.6}
        diffs.append({"before": before, "after": after, "changes": renames(before, after)})

    json.dump({"trees": trees, "contents": contents, "diffs": diffs}, sys.stdout, indent=1)


def runs(content):
    """[(text, times)] that joined give the content; only long repetitions are packed."""
    for size in (1, 2, 3, 6, 7):
        unit = content[:size]
        if len(content) > 4096 and content == unit * (len(content) // size):
            return [(unit, len(content) // size)]
    out, i = [], 0
    while i < len(content):
        j = i
        while j < len(content) and content[j] == content[i]:
            j += 1
        if j - i > 64:
            out.append((content[i:i + 1], j - i))
            i = j
        else:
            k = min(len(content), i + 64)
            out.append((content[i:k], 1))
            i = k
    return out


if __name__ == "__main__":
    main()
