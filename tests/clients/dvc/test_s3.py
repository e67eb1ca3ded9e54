"""What both tools do with one bucket: large files in parts, collecting, importing, and a server or client that goes away in the middle."""

import os
import random
import subprocess
import sys

import pytest
from conftest import wait_for

from . import faults, repos, storage

MANY = 400


def stand(folder, dvc_binary):
    """A store whose S3 server is versitygw, which checks signatures, and keeps ETags."""
    if not storage.versitygw():
        pytest.skip(storage.NO_GATEWAY)
    return storage.Store(folder, dvc_binary.parent / "python", notes=True)


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory, dvc_binary):
    made = stand(tmp_path_factory.mktemp("store"), dvc_binary)
    yield made
    made.close()


@pytest.fixture
def bucket(shared_store):
    return shared_store.remote("s3")


@pytest.fixture
def own_bucket(tmp_path, dvc_binary):
    """On a server that the test may kill."""
    made = stand(tmp_path / "store", dvc_binary)
    yield made.remote("s3")
    made.close()


def fill(make, remote, tool, files=MANY):
    repo = make(config=remote.config())
    chance = random.Random(1)
    repo.write("data", {f"{number % 7}/f{number}": chance.randbytes(3000) for number in range(files)})
    tool("add", "data", cwd=repo)
    repo.commit()
    return repo


def count(remote):
    return sum(len(files) for _, _, files in os.walk(remote.folder))


def files_of(repo):
    return {name: digest for name, (_, digest) in repo.objects().items() if name.startswith("files/")}


@pytest.mark.parametrize("jobs", ["1", "32"])
def test_jobs(jobs, order, make, bucket, tmp_path):
    first, second = order
    repo = fill(make, bucket, first, 40)
    first("push", "-j", jobs, cwd=repo)
    assert bucket.listing() == files_of(repo)
    clone = repo.clone(tmp_path / "clone")
    second("fetch", "-j", jobs, cwd=clone)
    assert files_of(clone) == files_of(repo)
    assert second("status", "-c", "-j", jobs, cwd=clone).stdout == "Cache and remote 'store' are in sync.\n"


def test_gc_of_the_cloud(order, make, bucket):
    first, second = order
    repo = fill(make, bucket, first, 20)
    first("push", cwd=repo)
    repo.write("data/new", "new")
    repo.remove("data/0/f0")
    second("add", "data", cwd=repo)
    second("push", cwd=repo)
    assert len(bucket.listing()) == 23
    first("gc", "-w", "-c", "-f", cwd=repo)
    assert bucket.listing() == files_of(repo) and len(bucket.listing()) == 21
    assert second("status", "-c", "--json", cwd=repo).json == {}


def test_a_large_file(order, make, bucket, tmp_path, user_env):
    """In parts, there and back; mlean never holds much of it."""
    first, second = order
    repo = make(config=bucket.config())
    size = 130_000_000
    with open(repo.path / "big.bin", "wb") as file:
        chance = random.Random(4)
        for _ in range(size // 10_000_000):
            file.write(chance.randbytes(10_000_000))
    second("add", "big.bin", cwd=repo)
    repo.commit()
    clone = repo.clone(tmp_path / "clone")
    for tool, words, folder in ((first, ("push",), repo), (second, ("pull",), clone)):
        if tool.starter.binary.name != "dvc":
            assert peak_mb(tool, words, folder, user_env) < 60
        else:
            tool(*words, cwd=folder)
    assert list(bucket.listing().values()) == [repos.md5((clone.path / "big.bin").read_bytes())]
    assert files_of(clone) == files_of(repo)


def peak_mb(tool, words, folder, env):
    """Runs the tool; its peak of resident memory. By way of a small process, as a child starts with the peak of who started it."""
    script = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=2); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    command = [sys.executable, "-S", "-c", script, str(tool.starter.binary), *words]
    return int(subprocess.run(command, cwd=folder.path, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout) / 1024


def test_import_by_url(twins, bucket):
    """Without a remote in the configuration: the options come with the command."""
    pair = twins(config=bucket.config())
    pair.a.write("seed", {"1": "one\n", "2": "two\n"})
    pair.tools[0]("add", "seed", cwd=pair.a)
    pair.tools[0]("push", cwd=pair.a)
    pair.tools[0]("remove", "seed.dvc", "--outs", cwd=pair.a)
    if pair.a.exists(".gitignore"):
        pair.a.remove(".gitignore")
    one = repos.md5(b"one\n")
    options = [word for name, value in bucket.options.items() for word in ("--fs-config", f"{name}={value}")]
    pair.run("import-url", f"{bucket.url}/files/md5/{one[:2]}/{one[2:]}", "file", *options, check=0, compare="code")
    pair.run("import-url", f"{bucket.url}/files", "folder", *options, check=0, compare="code")
    pair.run("import-url", f"{bucket.url}/nosuch", "nosuch", *options, compare="code")
    assert pair.a.tracked() == pair.b.tracked()
    assert pair.a.snapshot() == pair.b.snapshot()


@pytest.mark.parametrize("other", ["real", "ours"])
def test_a_killed_push_goes_on(other, either, real, ours, make, bucket):
    """No `.dir` without its files, and what had arrived is not sent again."""
    repo = fill(make, bucket, either)
    process = either.start("push", "-j", "4", cwd=repo)
    wait_for(lambda: count(bucket) > 30, what="thirty objects on the server")
    process.kill()
    arrived = bucket.listing()
    if len(arrived) == MANY + 1:
        pytest.skip("the push was faster than the kill")
    faults.folders_are_whole(bucket.folder)
    assert not [name for name in arrived if name.endswith(".dir")]
    again = {"real": real, "ours": ours}[other]("push", cwd=repo)
    assert bucket.listing() == files_of(repo)
    sent = int(again.stdout.split()[0])
    assert sent <= MANY + 1 - len({name for name in arrived if name in files_of(repo)}) + 8


def test_a_server_that_goes_away(either, make, own_bucket):
    repo = fill(make, own_bucket, either)
    process = either.start("push", "-j", "4", cwd=repo, env={"AWS_MAX_ATTEMPTS": "1"})
    wait_for(lambda: count(own_bucket) > 30, what="thirty objects on the server")
    own_bucket.server.kill()
    done = process.finish()
    assert done.returncode in (1, 255), done
    assert done.stderr.startswith("ERROR: ")
    faults.folders_are_whole(own_bucket.folder)
