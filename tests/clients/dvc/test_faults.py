"""kill -9 at any instant of any verb, a full disk, a read-only cache, a server that goes away; and what the real tool leaves behind when it dies.

Instants are random with a fixed seed (DVC_KILL_SEED), DVC_KILLS of them for each verb (3; 40 with -m long).
"""

import contextlib
import os
import random
import resource
import signal
import subprocess
import time

import pytest

from conftest import wait_for

from . import faults, repos, storage

SEED = int(os.environ.get("DVC_KILL_SEED", "4711"))
KILLS = int(os.environ.get("DVC_KILLS", "3"))
REMOTE = "[core]\n    remote = r\n['remote \"r\"']\n    url = ../../remote\n"
STAGES = 12


# ---------------------------------------------------------------- kill -9
class Case:
    """A verb to be killed: `prepare` makes the repository, `words` is the command, `check` what must hold right after the kill, `done` after the
    command has been repeated by one of the tools."""

    words = ()
    again = None  # the command that mends, when it is another one

    def prepare(self, repo, real):
        raise NotImplementedError

    def check(self, repo):
        pass

    def done(self, repo, calm):
        assert repo.snapshot() == calm.snapshot()

    def places(self, repo):
        return (repo.path, repo.beside("remote"))


class Add(Case):
    words = ("add", "data", "one.bin")

    def prepare(self, repo, real):
        faults.write_tree(repo, "data", 1)
        repo.write("one.bin", random.Random(2).randbytes(3_000_000))

    def check(self, repo):
        assert {one: what for one, what in repo.tree("data").items() if what[0] == "file"} == self.before
        assert (repo.path / "one.bin").stat().st_size == 3_000_000

    def remember(self, repo):
        self.before = {one: what for one, what in repo.tree("data").items() if what[0] == "file"}


class Commit(Case):
    words = ("commit", "-f")

    def prepare(self, repo, real):
        faults.write_tree(repo, "data", 1)
        real("add", "data", cwd=repo)
        repo.commit()
        faults.write_tree(repo, "data", 3, faults.FILES // 2)


class Checkout(Case):
    words = ("checkout",)

    def prepare(self, repo, real):
        faults.write_tree(repo, "data", 1)
        repo.write("one.bin", "one")
        real("add", "data", "one.bin", cwd=repo)
        repo.commit()
        faults.write_tree(repo, "data", 3, faults.FILES // 2)
        repo.write("one.bin", "two")
        real("add", "data", "one.bin", cwd=repo)
        repo.commit()
        repo.git("checkout", "-q", "HEAD~1")
        repo.write("notes.txt", "of the user, tracked by nobody")

    def check(self, repo):
        assert repo.read("notes.txt") == "of the user, tracked by nobody"


class Push(Case):
    words = ("push",)

    def prepare(self, repo, real):
        faults.write_tree(repo, "data", 1)
        real("add", "data", cwd=repo)
        repo.commit()

    def check(self, repo):
        faults.folders_are_whole(repo.beside("remote"))

    def done(self, repo, calm):
        super().done(repo, calm)
        assert repo.objects(repo.beside("remote")) == calm.objects(calm.beside("remote"))


class Pull(Case):
    words = ("pull",)

    def prepare(self, repo, real):
        faults.write_tree(repo, "data", 1)
        repo.write("one.bin", "one")
        real("add", "data", "one.bin", cwd=repo)
        repo.commit()
        real("push", cwd=repo)
        repos.remove_tree(repo.path / ".dvc/cache")
        repo.remove("data")
        repo.remove("one.bin")


class Repro(Case):
    words = ("repro",)

    def prepare(self, repo, real):
        stages = [f"  s{n}:\n    cmd: cat o{n - 1} > o{n}; echo {n} >> o{n}\n    deps: [o{n - 1}]\n    outs: [o{n}]\n" for n in range(1, STAGES + 1)]
        repo.write("dvc.yaml", "stages:\n" + "".join(stages))
        repo.write("o0", "0\n")
        repo.commit()

    def check(self, repo):
        assert repo.read("o0") == "0\n"


class Gc(Case):
    words = ("gc", "-w", "-f")

    def prepare(self, repo, real):
        faults.write_tree(repo, "data", 1)
        real("add", "data", cwd=repo)
        repo.commit()
        faults.write_tree(repo, "data", 3, faults.FILES // 2)
        real("add", "data", cwd=repo)
        repo.commit()

    def done(self, repo, calm):
        super().done(repo, calm)
        assert repo.objects() == calm.objects()


class Move(Case):
    words = ("move", "data", "moved")
    again = ("checkout",)

    def prepare(self, repo, real):
        faults.write_tree(repo, "data", 1)
        real("add", "data", cwd=repo)
        repo.commit()

    def check(self, repo):
        assert repo.exists("data.dvc") or repo.exists("moved.dvc")

    def done(self, repo, calm):
        name = "moved" if repo.exists("moved.dvc") else "data"
        assert repos.content(repo.path / name) == repos.content(calm.path / "moved")


class Remove(Case):
    words = ("remove", "data.dvc")
    again = ("status",)

    def prepare(self, repo, real):
        faults.write_tree(repo, "data", 1)
        real("add", "data", cwd=repo)
        repo.commit()

    def done(self, repo, calm):
        assert repos.content(repo.path / "data") == repos.content(calm.path / "data")


class Fetch(Case):
    words = ("fetch",)

    def prepare(self, repo, real):
        faults.write_tree(repo, "data", 1)
        real("add", "data", cwd=repo)
        repo.commit()
        real("push", cwd=repo)
        repos.remove_tree(repo.path / ".dvc/cache")

    def done(self, repo, calm):
        super().done(repo, calm)
        assert repo.objects() == calm.objects()


class ImportUrl(Case):
    words = ("import-url", "../source/big", "big")
    again = ("import-url", "-f", "../source/big", "big")

    def prepare(self, repo, real):
        repos.Repo(repo.path.parent, repo.env).write("source/big", random.Random(5).randbytes(20_000_000))

    def places(self, repo):
        return (repo.beside("source"),)


class ImportFolder(Case):
    """The folder is there with its .dvc file or not at all: of one that is there both tools import to a place below it."""

    words = ("import-url", "../source/tree", "data")

    def prepare(self, repo, real):
        faults.write_tree(repos.Repo(repo.path.parent, repo.env), "source/tree", 1)

    def check(self, repo):
        self.again = None
        if repo.exists("data"):
            assert repos.content(repo.path / "data") == repos.content(repo.beside("source") / "tree")
            assert repo.exists("data.dvc")
            self.again = ("checkout",)
        assert not [name for name in os.listdir(repo.path) if "mlean" in name]

    def places(self, repo):
        return (repo.beside("source"),)


class Unprotect(Case):
    words = ("unprotect", "data")

    def prepare(self, repo, real):
        repo.config("[cache]\n    type = symlink\n" + repo.read(".dvc/config"))
        faults.write_tree(repo, "data", 1)
        real("add", "data", cwd=repo)
        repo.commit()

    def done(self, repo, calm):
        assert repos.content(repo.path / "data") == repos.content(calm.path / "data")
        assert all(what[0] != "link" for what in repo.tree("data").values())


class ExpRun(Case):
    """Killed, the work tree is as of a killed `repro`; HEAD and git's index are not touched at any time."""

    words = ("exp", "run", "-n", "one", "-S", "lr=2")
    again = ("exp", "run", "-f", "-n", "one", "-S", "lr=2")

    def prepare(self, repo, real):
        repo.write("params.yaml", "lr: 1\n")
        repo.write("o0", "0\n")
        stages = [f"  s{n}:\n    cmd: cat o{n - 1} > o{n}; echo {n} >> o{n}\n    deps: [o{n - 1}]\n    params: [lr]\n    outs: [o{n}]\n" for n in range(1, 5)]
        repo.write("dvc.yaml", "stages:\n" + "".join(stages))
        real("repro", cwd=repo)
        repo.commit()

    def check(self, repo):
        assert repo.read("o0") == "0\n"
        assert repo.git("diff", "--cached", "--name-only") == ""
        assert repo.git("stash", "list") == ""

    def done(self, repo, calm):
        super().done(repo, calm)
        assert self.experiments(repo) == self.experiments(calm) == {"one": "lr: 2"}

    def experiments(self, repo):
        refs = repo.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
        return {ref.rpartition("/")[2]: repo.git("show", f"{ref}:params.yaml").strip() for ref in refs if not ref.startswith(("refs/exps/exec", "refs/exps/apply"))}


class ExpSave(ExpRun):
    words = ("exp", "save", "-n", "one")
    again = ("exp", "save", "-f", "-n", "one")

    def prepare(self, repo, real):
        super().prepare(repo, real)
        repo.write("params.yaml", "lr: 2\n")
        real("repro", cwd=repo)


class ExpApply(ExpRun):
    words = ("exp", "apply", "one")
    again = words

    def prepare(self, repo, real):
        super().prepare(repo, real)
        real("exp", "run", "-n", "one", "-S", "lr=2", cwd=repo)
        repo.git("checkout", "-q", "--", ".")
        real("checkout", "-f", cwd=repo)


CASES = [Add, Commit, Checkout, Push, Pull, Repro, Gc, Move, Remove, Fetch, ImportUrl, ImportFolder, Unprotect, ExpRun, ExpSave, ExpApply]


def kill_rounds(case, killed, real, ours, tmp_path, user_env, rounds):
    """Kills `killed` again and again at random instants of the same command; after each kill both tools must be content."""
    chance = random.Random(f"{SEED}{case.words}")
    start = repos.Repo(tmp_path / "start/repo", user_env).init(config=REMOTE)
    case.prepare(start, real)
    world = repos.Repo(tmp_path / "start", user_env)
    names = [name for name in ("data", "one.bin", "notes.txt", "o0") if start.exists(name)]
    protected = faults.contents_of(start, *names)
    if hasattr(case, "remember"):
        case.remember(start)
    calm = repos.Repo(faults.copy(world, tmp_path / "calm").path / "repo", user_env)
    begin = time.monotonic()
    killed(*case.words, cwd=calm)
    span = time.monotonic() - begin
    hits = 0
    for number in range(rounds):
        instant = chance.uniform(0, 1.1 * span)
        told = f"seed {SEED}, round {number}: killed after {instant:.4f} s of {span:.4f} s"
        repo = repos.Repo(faults.copy(world, tmp_path / "round").path / "repo", user_env)
        process = killed.start(*case.words, cwd=repo)
        if process.poll(instant) is None:
            hits += 1
        process.kill()
        try:
            case.check(repo)
            for cache in (repo.path / ".dvc/cache", repo.beside("remote")):
                faults.sound_objects(cache)
            faults.nothing_lost(protected, *case.places(repo))
            mender = chance.choice([real, ours])
            for tool in (mender, ours, real):
                tool("status", "--json", cwd=repo)
            mender(*(case.again or case.words), cwd=repo)
            case.done(repo, calm)
            for tool in (real, ours):
                assert tool("status", "--json", cwd=repo).json == {}
            faults.nothing_lost(protected, *case.places(repo))
        except AssertionError as problem:
            raise AssertionError(f"{told}: {problem}") from problem
    return hits


@pytest.mark.stricter("survive a kill at any instant")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.lower())
def test_kill(case, real, ours, tmp_path, user_env):
    kill_rounds(case(), ours, real, ours, tmp_path, user_env, KILLS)


@pytest.mark.long
@pytest.mark.stricter("survive a kill at any instant")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.lower())
def test_kill_often(case, real, ours, tmp_path, user_env):
    hits = kill_rounds(case(), ours, real, ours, tmp_path, user_env, max(KILLS, 40))
    assert hits > 5, "most of the kills came too late to hit anything"


TEXTS = {
    ".gitignore": ("add", "g"),
    "f.dvc": ("commit", "-f", "f.dvc"),
    "dvc.yaml": ("stage", "add", "-n", "b", "true"),
    "dvc.lock": ("repro",),
    "params.yaml": ("exp", "run", "-S", "lr=2"),
    ".dvc/config": ("config", "core.autostage", "false"),
}


@pytest.mark.stricter("leave nothing beside a text when killed")
@pytest.mark.parametrize("text", TEXTS)
def test_killed_while_writing_a_text(text, real, ours, make):
    """The signal of a limit on the size of files ends the process at the first byte of a long text."""
    repo = make()
    repo.write("f", "1")
    repo.write("params.yaml", "lr: 1\n")
    repo.write("dvc.yaml", "stages:\n  a:\n    cmd: echo 1 > out\n    params: [lr]\n    outs: [out]\n")
    real("repro", cwd=repo)
    if text == "f.dvc":
        real("add", "f", cwd=repo)
        repo.write("f", "2")
    if text == "dvc.lock":
        repo.write("params.yaml", "lr: 2\n")
    sections = "".join(f"['remote \"r{number}\"']\n    url = ../r{number}\n" for number in range(3000))
    more = {"dvc.lock": f"  other:\n    cmd: {'x' * 100_000}\n", ".dvc/config": sections}
    repo.write(text, (repo.read(text) if repo.exists(text) else "") + more.get(text, "# long\n" * 20_000))
    repo.commit()
    repo.write("g", "1")
    before = repo.snapshot()
    limit = (50_000, 50_000)
    command = [ours.starter.binary, *TEXTS[text]]
    done = subprocess.run(command, cwd=repo.path, env=ours.env, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
    assert done.returncode == -signal.SIGXFSZ
    after = repo.snapshot()
    assert after.keys() - before.keys() <= {"out"} and after[text] == before[text]
    # Lines are added to .gitignore in place, by one write that is made or not; other texts are made anew and then put in place.
    assert any(name.endswith(".tmp") for name in os.listdir(repo.path / ".dvc/tmp")) == (text != ".gitignore")


@pytest.mark.stricter("sweep what a killed process has left")
def test_old_leftovers_are_swept(ours, make):
    repo = make()
    for name, age in (("old", 7200), ("new", 60)):
        repo.write(f".dvc/tmp/.{name}.dvc.0123456789ab.tmp", "half")
        when = time.time() - age
        os.utime(repo.path / f".dvc/tmp/.{name}.dvc.0123456789ab.tmp", (when, when))
    ours("status", cwd=repo)
    assert [name for name in os.listdir(repo.path / ".dvc/tmp") if name.endswith(".tmp")] == [".new.dvc.0123456789ab.tmp"]


# ---------------------------------------------------------------- what a killed real tool leaves
@pytest.mark.stricter("mend what a killed push has left")
@pytest.mark.parametrize("seed", range(3))
def test_push_after_a_killed_push_of_the_real_tool(seed, real, ours, make, tmp_path):
    """The real tool trusts its half-written index of the remote and says that all is pushed."""
    repo = make("world/repo", config=REMOTE)
    Push().prepare(repo, real)
    process = real.start("push", cwd=repo)
    process.poll(random.Random(SEED + seed).uniform(0.05, 0.6))
    process.kill()
    ours("push", cwd=repo)
    # Of what is there already the real tool does not set the mode either.
    there = {name: digest for name, (_, digest) in repo.objects(repo.beside("remote")).items()}
    assert there == {name: digest for name, (_, digest) in repo.objects().items() if name.startswith("files")}


@pytest.mark.stricter("mend a lock file that a killed repro has left")
@pytest.mark.parametrize("rest", [0, 1, 15, 30, 100, -1, -20])
def test_truncated_lock(rest, real, ours, make):
    repo = make()
    Repro().prepare(repo, real)
    real("repro", cwd=repo)
    whole = repo.read("dvc.lock")
    repo.write("dvc.lock", whole[:rest])
    ours("repro", cwd=repo)
    assert repo.read("dvc.lock") == whole
    assert real("status", "--json", cwd=repo).json == {}


@pytest.mark.parametrize("verb", ["add", "commit"])
def test_folder_object_without_a_child(verb, order, make):
    """A killed `add` leaves a `.dir` whose child is absent: it counts as not in the cache, and the next `add` brings it."""
    first, second = order
    repo = make()
    repo.write("data", {"a": "1", "b": "2", "c": "3"})
    first("add", "data", cwd=repo)
    repo.object(repos.md5(b"2")).unlink()
    assert second("status", "--json", cwd=repo).json == {"data.dvc": [{"changed outs": {"data": "not in cache"}}]}
    second(*(("add", "data") if verb == "add" else ("commit", "-f")), cwd=repo)
    faults.folders_are_whole(repo.path / ".dvc/cache")
    assert first("status", "--json", cwd=repo).json == {}


def test_leftover_temporary_files(order, make):
    first, second = order
    repo = make()
    repo.write("data", {"a": "1", "b": "2"})
    first("add", "data", cwd=repo)
    repo.write(".dvc/cache/files/md5/.AbCdEfGhIjKlMnOpQrStUv.tmp", "half")
    repo.write(".dvc/cache/files/md5/c4/.AbCdEfGhIjKlMnOpQrStUv.tmp", "half")
    assert second("status", "--json", cwd=repo).json == {}
    second("gc", "-w", "-f", cwd=repo)
    repo.remove("data")
    second("checkout", cwd=repo)
    assert repos.content(repo.path / "data") == {"a": repos.md5(b"1"), "b": repos.md5(b"2")}


# ---------------------------------------------------------------- Ctrl-C
def test_interrupt(order, make):
    """252, the stage's processes are gone, and the lock file is sound."""
    first, second = order
    repo = make()
    repo.write("dvc.yaml", "stages:\n  a:\n    cmd: echo 1 > a\n    outs: [a]\n  slow:\n    cmd: echo $$ > pid; echo half > out; exec sleep 60\n    outs: [out]\n")
    process = first.start("repro", cwd=repo)
    wait_for(lambda: repo.exists("pid") and repo.read("pid").strip(), what="the stage")
    process.signal(signal.SIGINT)
    done = process.finish(20)
    assert done.returncode in (252, 255)
    stage = int(repo.read("pid"))
    wait_for(lambda: not os.path.exists(f"/proc/{stage}") or "\nState:\tZ" in open(f"/proc/{stage}/status").read(), what="the end of the stage")
    assert "a" not in second("status", "--json", cwd=repo).json
    repo.write("dvc.yaml", repo.read("dvc.yaml").replace("; exec sleep 60", ""))
    assert repos.stage_names(second("repro", cwd=repo).stdout) == ["slow"]


# ---------------------------------------------------------------- disks
@contextlib.contextmanager
def small_disk(path, megabytes):
    path.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"may not mount a small disk: {done.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.mark.stricter("fail when the cache cannot be written")
def test_full_disk_under_the_cache(ours, real, make, tmp_path):
    repo = make()
    with small_disk(tmp_path / "disk", 2) as disk:
        repo.config(f"[cache]\n    dir = {disk}/cache\n")
        for number in range(8):
            repo.write(f"data/f{number}", random.Random(number).randbytes(500_000))
        before = repo.tree("data")
        done = ours("add", "data", cwd=repo, check=None)
        assert done.returncode > 0
        assert "No space left on device" in done.stderr or "not enough space" in done.stderr
        assert repo.tree("data") == before
        faults.sound_objects(disk / "cache")
        assert not repo.exists("data.dvc")
    repo.config("")
    ours("add", "data", cwd=repo)
    assert repos.content(repo.path / "data") == {name: what[1] for name, what in before.items()}
    assert real("status", "--json", cwd=repo).json == {}


def test_full_disk_under_the_workspace(order, tmp_path, user_env):
    first, second = order
    with small_disk(tmp_path / "disk", 4) as disk:
        repo = repos.Repo(disk / "repo", user_env).init(config=f"[cache]\n    dir = {tmp_path}/cache\n    type = copy\n")
        for number in range(6):
            repo.write(f"data/f{number}", random.Random(number).randbytes(500_000))
        repo.write("file", "mine")
        first("add", "data", "file", cwd=repo)
        repo.remove("data")
        (disk / "filler").write_bytes(bytes(2_500_000))
        done = second("checkout", cwd=repo, check=None)
        assert done.returncode > 0
        assert repo.read("file") == "mine"
        (disk / "filler").unlink()
        second("checkout", cwd=repo, check=None)
        second("checkout", "-f", cwd=repo)
        assert first("status", "--json", cwd=repo).json == {}


def test_read_only_cache(order, make, tmp_path):
    """What is there can be used; what is not there cannot be added, and nothing is lost."""
    first, second = order
    with small_disk(tmp_path / "disk", 4) as disk:
        repo = make(config=f"[cache]\n    dir = {disk}/cache\n")
        repo.write("data", {"a": "1", "b": "2"})
        first("add", "data", cwd=repo)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert second("status", "--json", cwd=repo).json == {}
        repo.remove("data")
        second("checkout", cwd=repo)
        assert repos.content(repo.path / "data") == {"a": repos.md5(b"1"), "b": repos.md5(b"2")}
        repo.write("new", "3")
        done = second("add", "new", cwd=repo, check=None)
        assert done.returncode > 0 and "Read-only file system" in done.stderr
        assert repo.read("new") == "3" and not repo.exists("new.dvc")


# ---------------------------------------------------------------- servers
@pytest.mark.parametrize("count", [0, 1, 3, 5, 7])
def test_server_vanishes_during_push(count, either, make, http_server):
    """A failure, no `.dir` without its children, and the next push goes on."""
    remote = http_server(fail_after=count)
    repo = make(config=remote.config() + "    jobs = 1\n")
    repo.write("data", {name: name for name in "abcd"})
    either("add", "data", cwd=repo)
    done = either("push", cwd=repo, check=None)
    assert done.returncode > 0
    faults.folders_are_whole(remote.folder)
    healthy = http_server()
    repo.config(healthy.config())
    either("push", cwd=repo)
    assert len(healthy.listing()) == 5


@pytest.mark.parametrize("count", [0, 2, 3])
def test_server_vanishes_during_pull(count, order, make, http_server, tmp_path):
    first, second = order
    remote = http_server()
    repo = make(config=remote.config())
    repo.write("data", {name: name for name in "abcd"})
    first("add", "data", cwd=repo)
    repo.commit()
    first("push", cwd=repo)
    clone = repo.clone(tmp_path / "clone")
    spoilt = http_server(fail_after=count)
    subprocess.run(["cp", "-a", str(remote.folder), str(spoilt.folder)], check=True)
    clone.config(spoilt.config() + "    jobs = 1\n")
    done = second("pull", cwd=clone, check=None)
    assert done.returncode > 0
    faults.sound_objects(clone.path / ".dvc/cache")
    clone.config(remote.config())
    second("pull", cwd=clone)
    assert repos.content(clone.path / "data") == repos.content(repo.path / "data")
    assert first("status", "--json", cwd=clone).json == {}


def test_refused_credentials(either, make, store):
    remote = store.remote("s3")
    if not remote.server.gateway:
        pytest.skip(f"moto checks no signatures; {storage.NO_GATEWAY}")
    repo = make(config=remote.config().replace("testsecret", "wrong"))
    repo.write("f", "1")
    either("add", "f", cwd=repo)
    done = either("push", cwd=repo, check=None)
    assert done.returncode == 255
    assert "wrong" not in done.stdout + done.stderr, "no secret in the text"
    assert remote.listing() == {}
