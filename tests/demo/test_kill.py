"""A year of flights, undisturbed and under kill -9: the end must be the same.

The world (driver) and the server are killed at random instants and started again. What must be equal is the final table: requests,
labels, drift, AUC, champion and every decision of every month. Turn ids and wall times differ by nature.
"""

import json
import os
import pathlib
import random
import signal
import subprocess
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("MLEAN_BIN", TOP / "build" / "mlean"))
SEED = int(os.environ.get("MLEAN_KILL_SEED", "20130301"))
KILLS = int(os.environ.get("MLEAN_KILLS", "20"))


def year_of(folder):
    """Lives on to the end of the year and returns the summary."""
    done = subprocess.run([BINARY, "demo", "flights", "--keep", folder, "--json", "--quiet"], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def server_pid(folder):
    try:
        return json.loads((folder / "project/.mlean/server.json").read_text())["pid"]
    except (OSError, ValueError):
        return None


def comparable(summary):
    # Latencies are real time; a decision's text may quote them.
    return json.loads(json.dumps(summary["months"]))


@pytest.mark.slow
def test_twenty_kills_change_nothing(tmp_path):
    started = time.monotonic()
    calm = year_of(tmp_path / "calm")
    span = time.monotonic() - started
    assert calm["audit"]["intact"]

    chance = random.Random(SEED)
    folder = tmp_path / "killed"
    world = None
    for kill in range(KILLS):
        if world is None or world.poll() is not None:
            world = subprocess.Popen([BINARY, "demo", "flights", "--keep", folder, "--json", "--quiet"], stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL, start_new_session=True)
        # An instant, not a wait for something: anywhere within the run.
        try:
            world.wait(timeout=chance.uniform(0.3, max(1.0, 1.6 * span / KILLS)))
            break  # the year is over before all kills were done
        except subprocess.TimeoutExpired:
            pass
        victim = chance.choice(["world", "server", "both"])
        pid = server_pid(folder)
        if victim in ("server", "both") and pid is not None:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if victim in ("world", "both"):
            world.kill()
            world.wait()
    if world is not None and world.poll() is None:
        world.kill()
        world.wait()

    after = year_of(folder)
    assert after["audit"]["intact"]
    assert comparable(after) == comparable(calm), f"seed {SEED}"
    assert [t["status"] for t in after["turns"]] == [t["status"] for t in calm["turns"]]
