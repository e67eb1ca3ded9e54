"""DVC's commands, measured beside the real dvc and beside the least work that there is (cp, find, md5sum), in turns, on equal repositories.

`data`       one folder of 100,000 files of 1 KiB in nested folders: add, status, checkout, diff, push, pull, gc
`data-large` one file of 4 GB: add, checkout
`data-many`  2,000 .dvc files: add, status
`data-chain` 1,000 chained stages: repro, repro with nothing to do

The real dvc is .deps/dvc/bin/dvc, or DVC_BIN. It needs minutes for some of this: `--quick` takes a tenth of the sizes.
"""

import os
import pathlib
import random
import shutil
import subprocess
import time

import programs
from cases import Row
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
        return programs.environment() | {"HOME": str(self.home), "DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(self.home / "site")}

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


def seconds(*command, cwd):
    start = time.perf_counter()
    run(*command, cwd=cwd, timeout=900)
    return time.perf_counter() - start


def row(title, ours, theirs, goal, limit=None, limit_name="", near=None):
    """`goal`: how many times faster than dvc; `near`: at most so many times what `limit` takes."""
    mine, his = ours[0], theirs[0]
    faster = his / mine
    parts, passed = [], None
    if goal:
        parts.append(f"≥ {goal} × faster")
        passed = faster >= goal
    beside = f"dvc"
    if limit:
        beside += f"; {limit_name} {limit * 1000:,.0f}"
        if near:
            parts.append(f"≤ {near} × {limit_name}")
            passed = passed is not False and mine <= near * limit
    return Row(title, mine * 1000, "ms", his * 1000, beside, faster, " and ".join(parts), passed,
               {"mlean_s": mine, "dvc_s": his, "mlean_mb": ours[1], "dvc_mb": theirs[1], "limit_s": limit})


def make_tree(root, files):
    """Files of 1 KiB, 100 in a folder, folders ten to a folder."""
    chance = random.Random(1)
    for folder in range(max(files // 100, 1)):
        path = root / f"d{folder // 100:02}" / f"d{folder // 10 % 10}" / f"d{folder % 10}"
        path.mkdir(parents=True)
        for file in range(100):
            (path / f"f{file:02}.bin").write_bytes(chance.randbytes(1024))


def data(bench):
    files = bench.times(100_000, 10_000)
    ours, theirs = tools(bench, "data")
    make_tree(ours.root / "data", files)
    shutil.copytree(ours.root / "data", theirs.root / "data", symlinks=True)
    title = f"{files:,} files of 1 KiB"
    rows = []
    copy = bench.folder / "copy"
    least = seconds("sh", "-c", f"find data -type f -print0 | xargs -0 md5sum >/dev/null && cp -r data {copy}", cwd=ours.root)
    shutil.rmtree(copy)
    rows.append(row(f"add, {title}", ours("add", "data"), theirs("add", "data"), 10, least, "md5sum + cp -r", 1.5))
    for tool in (ours, theirs):
        run("git", "add", "-A", cwd=tool.root)
        run("git", "commit", "-qm", "data", cwd=tool.root)
        tool("status")  # remembers what add could not
    least = seconds("sh", "-c", "find data -printf '%s %T@ %p\\n' >/dev/null", cwd=ours.root)
    rows.append(row("status, nothing changed", ours("status"), theirs("status"), 20, least, "find -printf", 2))
    rows.append(row("data status", ours("data", "status"), theirs("data", "status"), 10))
    for tool in (ours, theirs):
        (tool.root / "data/d00/d0/d0/f00.bin").write_bytes(b"changed")
    rows.append(row("diff, one file changed", ours("diff"), theirs("diff"), 10))
    rows.append(row("add again, one file changed", ours("add", "data"), theirs("add", "data"), 10))
    for tool in (ours, theirs):
        run("git", "commit", "-qam", "changed", cwd=tool.root)
        shutil.rmtree(tool.root / "data")
    least = seconds("cp", "-r", ".dvc/cache", copy, cwd=ours.root)
    shutil.rmtree(copy)
    rows.append(row("checkout of all", ours("checkout"), theirs("checkout"), 10, least, "cp -r", 1.5))
    rows.append(row("checkout, nothing to do", ours("checkout"), theirs("checkout"), 10))
    for tool in (ours, theirs):
        tool("remote", "add", "-d", "there", tool.root.parent / f"{tool.name}-remote")
    rows.append(row("push to a folder", ours("push"), theirs("push"), 10))
    rows.append(row("push, nothing to do", ours("push"), theirs("push"), 10))
    rows.append(row("gc of the workspace, one object unused", ours("gc", "-w", "-f"), theirs("gc", "-w", "-f"), 5))
    for tool in (ours, theirs):
        shutil.rmtree(tool.root / ".dvc/cache")
        shutil.rmtree(tool.root / "data")
        shutil.rmtree(tool.home / "site", ignore_errors=True)
    rows.append(row("pull of all from a folder", ours("pull"), theirs("pull"), 10))
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
    rows = []
    least = seconds("md5sum", "big.bin", cwd=ours.root)
    name = f"one file of {size / 1e9:g} GB"
    rows.append(row(f"add, {name}", ours("add", "big.bin"), theirs("add", "big.bin"), 2, least, "md5sum"))
    for tool in (ours, theirs):
        (tool.root / "big.bin").unlink()
    least = seconds("cp", "-r", ".dvc/cache", bench.folder / "copy", cwd=ours.root)
    shutil.rmtree(bench.folder / "copy")
    rows.append(row(f"checkout, {name}", ours("checkout"), theirs("checkout"), None, least, "cp", 1.5))
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
    rows = [row(f"add of {count:,} targets", ours("add", *names), theirs("add", *names), 10)]
    for tool in (ours, theirs):
        run("git", "add", "-A", cwd=tool.root)
        run("git", "commit", "-qm", "data", cwd=tool.root)
    rows.append(row(f"status of {count:,} .dvc files", ours("status"), theirs("status"), 20))
    rows.append(row(f"data status of {count:,} .dvc files", ours("data", "status"), theirs("data", "status"), 20))
    rows.append(row(f"diff of {count:,} .dvc files", ours("diff"), theirs("diff"), 20))
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

    write(ours, length)
    write(theirs, of_dvc)
    script = "for i in $(seq %d); do sh -c \"echo $i > loop$i\"; done; rm loop*" % length
    least = seconds("sh", "-c", script, cwd=bench.folder)
    mine, his = ours("repro"), theirs("repro")
    # dvc's cost grows with the square of the stages: per stage its small number flatters it.
    first = row(f"repro of {length:,} chained stages (dvc: {of_dvc}, scaled)", mine, (his[0] * length / of_dvc, his[1]), 80, least,
                "sh loop", 3)
    write(theirs, length)
    shutil.copy(ours.root / "dvc.lock", theirs.root / "dvc.lock")
    shutil.rmtree(theirs.root / ".dvc/cache", ignore_errors=True)
    shutil.copytree(ours.root / ".dvc/cache", theirs.root / ".dvc/cache")
    for number in range(length):
        shutil.copy(ours.root / f"o{number}", theirs.root / f"o{number}")
    second = row("repro, nothing to do", ours("repro"), theirs("repro"), 20)
    third = row(f"status of {length:,} stages", ours("status"), theirs("status"), 20)
    return [first, second, third]


CASES = {"data": data, "data-large": large, "data-many": many, "data-chain": chain}
