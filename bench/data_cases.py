"""DVC's commands, measured beside the real dvc and beside the least work that there is (cp, find, md5sum), in turns, on equal repositories.

`data`       one folder of 100,000 files of 1 KiB in nested folders: add, status, checkout, diff, push, pull, gc
`data-large` one file of 4 GB: add, checkout
`data-many`  2,000 .dvc files: add, status
`data-chain` 1,000 chained stages: repro, repro with nothing to do

The real dvc is .deps/dvc/bin/dvc, or DVC_BIN. It needs minutes for some of this: `--quick` takes a tenth of the sizes.
They take 15 GB of disk while they run.
"""

import os
import pathlib
import random
import shutil
import subprocess
import time

import programs
from cases import Row, judge
from programs import MLEAN, TOP, Failed, run

DVC = pathlib.Path(os.environ.get("DVC_BIN", TOP / ".deps/dvc/bin/dvc"))


class Tool:
    """One of the two tools with a repository of its own."""

    def __init__(self, name, binary, folder):
        self.name, self.binary, self.root = name, str(binary), folder / name
        self.home = folder / f"{name}-home"
        self.root.mkdir(parents=True)
        self.home.mkdir()
        self("init", "-q", first=("git", "init", "-q"))

    def env(self):
        # Both tools run stages by $SHELL; the loop beside them runs sh, and bash starts twice as slowly.
        own = {"HOME": str(self.home), "SHELL": "/bin/sh", "DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(self.home / "site")}
        return programs.environment() | own

    def __call__(self, *words, first=None, timeout=900, expect=0):
        """Seconds and peak MB of one command."""
        if first:
            subprocess.run(first, cwd=self.root, check=True, env=self.env(), capture_output=True)
        start = time.perf_counter()
        process = subprocess.Popen([self.binary, *map(str, words)], cwd=self.root, env=self.env(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        timer = time.monotonic() + timeout
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > timer:
                process.kill()
                os.wait4(process.pid, 0)
                raise Failed(f"'{self.name} {' '.join(map(str, words))}' took more than {timeout} s")
            time.sleep(0.0005)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != expect:
            raise Failed(f"'{self.name} {' '.join(map(str, words))}' ended with {process.returncode}: {process.stderr.read().decode()[-400:]}")
        process.stderr.close()
        return seconds, usage.ru_maxrss / 1024


def tools(bench, name):
    if not DVC.exists():
        raise Failed("the real dvc is not there: ./dev setup, or set DVC_BIN")
    folder = bench.folder / name
    return Tool("mlean", MLEAN, folder), Tool("dvc", DVC, folder)


def aside(bench, *paths):
    """Out of the way. Not removed: for minutes ext4 looks at each inode that was freed lately whenever it makes a file (of 100,000 that takes longer than
    all that is measured here)."""
    for path in paths:
        target = bench.folder / "aside" / str(time.monotonic_ns())
        target.mkdir(parents=True)
        if path.exists():
            path.rename(target / path.name)


class Turns:
    """ours and the limit by turns, then dvc, once. Of the others the median counts."""

    def __init__(self, ours, theirs, *words, least=None, before=None, rounds=3):
        """`least()` gives the seconds of the limit; `before(tool)` makes way for the next turn of a tool."""
        mine, limits = [], []
        for _ in range(rounds):
            mine.append(self.one(ours, words, before))
            if least:
                os.sync()
                limits.append(least())
        # Last: files that it removes slow down for a minute who makes some after it, on ext4.
        self.theirs = self.one(theirs, words, before)
        mine.sort()
        self.ours = mine[len(mine) // 2]
        self.limit = sorted(limits)[len(limits) // 2] if limits else None
        self.raw = {"mlean_s": [each[0] for each in mine], "limit_s": limits}

    @staticmethod
    def one(tool, words, before):
        if before:
            before(tool)
        os.sync()  # what others wrote is not ours to wait for
        return tool(*words)


def seconds(*command, cwd):
    start = time.perf_counter()
    run(*command, cwd=cwd, timeout=900)
    return time.perf_counter() - start


def row(title, turns, goal, limit_name="", near=None):
    """`goal`: how many times faster than dvc; `near`: at most so many times what the limit takes."""
    mine, his = turns.ours[0], turns.theirs[0]
    faster = his / mine
    parts, passed, by_limit = [], None, False
    if goal:
        parts.append(f"≥ {goal} × faster")
        passed, by_limit = judge(faster, goal, his / turns.limit if turns.limit else None)
    beside = "dvc"
    if turns.limit:
        beside += f"; {limit_name} {turns.limit * 1000:,.0f}"
        if near:
            parts.append(f"≤ {near} × {limit_name}")
            passed = passed is not False and mine <= near * turns.limit
    raw = turns.raw | {"dvc_s": his, "mlean_mb": turns.ours[1], "dvc_mb": turns.theirs[1]}
    return Row(title, mine * 1000, "ms", his * 1000, beside, faster, " and ".join(parts), passed, raw, by_limit)


def make_tree(root, files):
    """Files of 1 KiB, 100 in a folder, folders ten to a folder."""
    chance = random.Random(1)
    for folder in range(max(files // 100, 1)):
        path = root / f"d{folder // 100:02}" / f"d{folder // 10 % 10}" / f"d{folder % 10}"
        path.mkdir(parents=True)
        for file in range(100):
            (path / f"f{file:02}.bin").write_bytes(chance.randbytes(1024))


def commit(tool, message):
    run("git", "add", "-A", cwd=tool.root)
    run("git", "commit", "-qm", message, cwd=tool.root)


def data(bench):
    files = bench.times(100_000, 10_000)
    ours, theirs = tools(bench, "data")
    make_tree(ours.root / "data", files)
    shutil.copytree(ours.root / "data", theirs.root / "data")
    rows = []

    def copy(folder, cwd=ours.root):
        return seconds("cp", "-r", folder, bench.folder / f"copy-{time.monotonic_ns()}", cwd=cwd)

    def hash_and_copy():
        return seconds("sh", "-c", "find data -type f -print0 | xargs -0 md5sum >/dev/null", cwd=ours.root) + copy("data")

    def forget(tool):
        aside(bench, tool.root / ".dvc/cache", tool.root / ".dvc/tmp", tool.home / "site")

    def measure(title, *words, goal, near=None, limit_name="", **options):
        rows.append(row(title, Turns(ours, theirs, *words, **options), goal, limit_name, near))

    measure(f"add, {files:,} files of 1 KiB", "add", "data", goal=10, near=1.5, limit_name="md5sum + cp -r", least=hash_and_copy, before=forget)
    for tool in (ours, theirs):
        commit(tool, "data")
        tool("status")  # remembers what add could not
    measure("status, nothing changed", "status", goal=20, near=2, limit_name="find -printf", rounds=5,
            least=lambda: seconds("sh", "-c", "find data -printf '%s %T@ %p\\n' >/dev/null", cwd=ours.root))
    measure("data status", "data", "status", goal=10, rounds=5)
    for tool in (ours, theirs):
        (tool.root / "data/d00/d0/d0/f00.bin").write_bytes(b"changed")
    measure("diff, one file changed", "diff", goal=10)
    measure("add again, one file changed", "add", "data", goal=10, rounds=1)
    for tool in (ours, theirs):
        commit(tool, "changed")
    measure("checkout of all", "checkout", goal=10, near=1.5, limit_name="cp -r", least=lambda: copy("data"),
            before=lambda tool: aside(bench, tool.root / "data"))
    measure("checkout, nothing to do", "checkout", goal=10)
    for tool in (ours, theirs):
        tool("remote", "add", "-d", "there", tool.root.parent / f"{tool.name}-remote")
    measure("push to a folder", "push", goal=10, limit_name="cp -r", least=lambda: copy(".dvc/cache"),
            before=lambda tool: aside(bench, tool.root.parent / f"{tool.name}-remote"))
    measure("push, nothing to do", "push", goal=10)
    measure("gc of the workspace, one object unused", "gc", "-w", "-f", goal=5, rounds=1)
    measure("pull of all from a folder", "pull", goal=10, limit_name="2 × cp -r", least=lambda: copy("data") + copy("data"),
            before=lambda tool: aside(bench, tool.root / ".dvc/cache", tool.root / "data", tool.home / "site"))
    return rows


def large(bench):
    ours, theirs = tools(bench, "large")
    size = bench.times(4_000_000_000, 400_000_000)
    with open(ours.root / "big.bin", "wb") as file:
        chance = random.Random(2)
        block = chance.randbytes(10_000_000)
        for number in range(size // len(block)):
            file.write(number.to_bytes(8, "little") + block[8:])
    shutil.copyfile(ours.root / "big.bin", theirs.root / "big.bin")
    name = f"one file of {size / 1e9:g} GB"

    def copy():
        target = bench.folder / "copy"
        took = seconds("cp", ours.root / "big.bin", target, cwd=bench.folder)
        target.unlink()
        return took

    def hash_and_copy():
        return seconds("md5sum", "big.bin", cwd=ours.root) + copy()

    rows = [row(f"add, {name}", Turns(ours, theirs, "add", "big.bin", least=hash_and_copy, rounds=1), 2, "md5sum + cp", 1.5)]
    made = Turns(ours, theirs, "checkout", least=copy, before=lambda tool: (tool.root / "big.bin").unlink())
    rows.append(row(f"checkout, {name}", made, None, "cp", 1.5))
    for tool in (ours, theirs):
        shutil.rmtree(tool.root)
    return rows


def many(bench):
    ours, theirs = tools(bench, "many")
    count = bench.times(2000, 200)
    names = [f"f{number:04}.bin" for number in range(count)]
    for tool in (ours, theirs):
        chance = random.Random(3)
        for name in names:
            (tool.root / name).write_bytes(chance.randbytes(1024))
    rows = [row(f"add of {count:,} targets", Turns(ours, theirs, "add", *names, rounds=1), 10)]
    for tool in (ours, theirs):
        commit(tool, "data")
    for words in (["status"], ["data", "status"], ["diff"]):
        rows.append(row(f"{' '.join(words)} of {count:,} .dvc files", Turns(ours, theirs, *words), 20))
    return rows


def chain(bench):
    ours, theirs = tools(bench, "chain")
    length, of_dvc = bench.times((1000, 100), (100, 20))

    def write(tool, stages):
        text = "stages:\n"
        for number in range(stages):
            deps = f"    deps:\n    - o{number - 1}\n" if number else ""
            text += f"  s{number}:\n    cmd: echo {number} > o{number}\n{deps}    outs:\n    - o{number}\n"
        (tool.root / "dvc.yaml").write_text(text)

    def loop():
        (bench.folder / "loop").mkdir()
        return seconds("sh", "-c", f"for i in $(seq {length}); do sh -c \"echo $i > o$i\"; done", cwd=bench.folder / "loop")

    write(ours, length)
    write(theirs, of_dvc)
    turns = Turns(ours, theirs, "repro", least=loop, rounds=1)
    # dvc's cost grows with the square of the stages: per stage its small number flatters it.
    turns.theirs = (turns.theirs[0] * length / of_dvc, turns.theirs[1])
    rows = [row(f"repro of {length:,} chained stages (dvc: {of_dvc}, scaled)", turns, 80, "sh loop", 3)]
    write(theirs, length)
    shutil.copy(ours.root / "dvc.lock", theirs.root / "dvc.lock")
    shutil.rmtree(theirs.root / ".dvc/cache", ignore_errors=True)
    shutil.copytree(ours.root / ".dvc/cache", theirs.root / ".dvc/cache")
    for number in range(length):
        shutil.copy(ours.root / f"o{number}", theirs.root / f"o{number}")
    rows.append(row("repro, nothing to do", Turns(ours, theirs, "repro"), 20))
    rows.append(row(f"status of {length:,} stages", Turns(ours, theirs, "status"), 20))
    return rows


CASES = {"data": data, "data-large": large, "data-many": many, "data-chain": chain}
