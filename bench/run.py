"""./dev bench [--all] [--quick] [--only NAME]: measures build/mlean beside the limit or the tool it replaces; see bench/README.md.

Exit status: 0 every budget kept, 1 one missed or not measured, 2 usage.
"""

import argparse
import dataclasses
import datetime
import hashlib
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time
import traceback

import cases
import data_cases
import remote_cases
import tracking_cases
import tracking_deep
import tracking_sides
from programs import MLEAN, TOP, Failed, run


CASES = cases.CASES | data_cases.CASES | remote_cases.CASES | tracking_cases.CASES
PARTS = tracking_cases.PARTS | tracking_deep.PARTS  # only when they are named


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        return (done.stdout or done.stderr).splitlines()[0].strip()
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return "not there"


def package(name):
    return first_line("dpkg-query", "-W", "-f", "${Version}", name)


def machine():
    cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    system = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())
    return {
        "cpu": cpu[1] if cpu else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(memory[1]) * 1024 / 1e9, 1),
        "system": system[1] if system else "",
        "kernel": platform.release(),
        "compiler": first_line("c++", "--version"),
        "nginx": package("nginx-light"),
        "wrk": package("wrk"),
        "libxgboost": package("libxgboost0"),
        "dvc": first_line(str(data_cases.DVC), "--version"),
        "mlflow": first_line(str(tracking_sides.MLFLOW), "--version"),
    }


def commit():
    dirty = run("git", "status", "--porcelain", "--", "src", "cmake", "CMakeLists.txt", cwd=TOP).strip() != ""
    return {
        "commit": run("git", "rev-parse", "--short=12", "HEAD", cwd=TOP).strip(),
        "dirty": dirty,
        "mlean_sha256": hashlib.sha256(MLEAN.read_bytes()).hexdigest(),
    }


def shown(value, unit):
    if value is None:
        return ""
    digits = 0 if value >= 1000 or value == int(value) else 1 if value >= 100 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


def verdict(row):
    return "kept by the limit" if row.by_limit and row.passed else {True: "kept", False: "MISSED", None: ""}[row.passed]


def table(rows):
    lines = [("what", "mlean", "beside it", "ratio", "budget", "")]
    for row in rows:
        beside = f"{shown(row.beside, '')} {row.what}".strip()
        lines.append(
            (
                row.name,
                shown(row.value, row.unit),
                beside,
                f"{row.ratio:.2f}" if row.ratio is not None else "",
                row.budget,
                verdict(row),
            )
        )
    widths = [max(len(line[i]) for line in lines) for i in range(6)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def load_table(rows):
    """Latency and CPU of the HTTP rows."""
    loads = [row for row in rows if "middle" in row.raw]
    if not loads:
        return ""
    lines = [f"{'':44}  {'p50 µs':>16}  {'p99 µs':>16}  {'CPU µs a request':>18}   (mlean / nginx)"]
    for row in loads:
        ours, theirs = row.raw["middle"]["mlean"], row.raw["middle"]["nginx"]
        pairs = [
            f"{ours[key]:,.{digits}f} / {theirs[key]:,.{digits}f}"
            for key, digits in (("p50_us", 0), ("p99_us", 0), ("cpu_us", 1))
        ]
        lines.append(f"{row.name:44}  {pairs[0]:>16}  {pairs[1]:>16}  {pairs[2]:>18}")
    return "\n".join(lines)


def measure(names, quick, folder):
    rows, problems = [], {}
    bench = cases.Bench(pathlib.Path(folder), quick)
    for name in names:
        print(f"bench: {name}", file=sys.stderr, flush=True)
        try:
            rows += (CASES | PARTS)[name](bench)
        except Failed as problem:
            problems[name] = str(problem).replace(folder, "SCRATCH").replace(str(TOP), ".")
        except Exception:  # a bug of this program must not hide what the others measured
            problems[name] = traceback.format_exc(limit=-2).replace(folder, "SCRATCH").replace(str(TOP), ".")
    return rows, problems


def run_all(options, names, folder):
    """Measures, prints and keeps the report; the exit status."""
    today = datetime.datetime.now(datetime.timezone.utc)
    report = {
        "date": today.isoformat(timespec="seconds"),
        **commit(),
        "quick": options.quick,
        "machine": machine(),
        "load_before": os.getloadavg(),
    }
    begin = time.monotonic()
    rows, problems = measure(names, options.quick, folder)
    report |= {
        "seconds": round(time.monotonic() - begin, 1),
        "load_after": os.getloadavg(),
        "problems": problems,
        "rows": [{k: v for k, v in dataclasses.asdict(row).items() if v not in (None, "", {})} for row in rows],
    }
    print(table(rows), load_table(rows), sep="\n\n")
    part = "".join(f"-{name}" for name in options.only or [])
    target = TOP / ("build/bench" if options.quick else "bench/results") / f"{today:%Y-%m-%d}-{report['commit']}{part}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    load = report["load_before"][0]
    if load > 0.5:
        print(f"\nThe machine was not idle (load {load:.1f} before the first run): trust ratios, not absolute figures.")
    for name, problem in problems.items():
        print(f"\nbench: {name} was not measured: {problem}", file=sys.stderr)
    print(f"\n{target.relative_to(TOP)}", flush=True)
    return 1 if problems or any(row.passed is False for row in rows) else 0


def main():
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument(
        "--quick", action="store_true", help="fewer and shorter runs, without the demo; not kept as a result"
    )
    parser.add_argument("--all", action="store_true", help="also the cases that need the real dvc and minutes of it")
    parser.add_argument("--only", metavar="NAME", action="append", choices=list(CASES | PARTS), help=", ".join(CASES | PARTS))
    options = parser.parse_args()
    if not MLEAN.exists():
        print("bench: build/mlean is not there: ./dev build", file=sys.stderr)
        return 2
    usual = CASES if options.all else cases.CASES
    names = options.only or [name for name in usual if not (options.quick and name in cases.NOT_QUICK)]
    # The report comes before the scratch is removed: a million files take minutes.
    with tempfile.TemporaryDirectory(prefix="mlean-bench-") as folder:
        return run_all(options, names, folder)


if __name__ == "__main__":
    sys.exit(main())
