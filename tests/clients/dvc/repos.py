"""Repositories of the tests: making them, and looking at them from outside (never through one of the tools)."""

import hashlib
import json
import os
import pathlib
import re
import stat
import subprocess

# What a tool keeps for itself and the other one need not understand.
PRIVATE = (".git", ".dvc/tmp", ".dvc/cache", ".mlean")


class Repo:
    """A DVC repository in git at `path`."""

    def __init__(self, path, env):
        self.path, self.env = pathlib.Path(path), env

    def __fspath__(self):
        return str(self.path)

    def init(self, config="", git=True):
        """What `dvc init` leaves behind, committed; `config` is the text of .dvc/config."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.write(".dvc/config", config if git else f"[core]\n    no_scm = True\n{config}")
        self.write(".dvc/.gitignore", "/config.local\n/tmp\n/cache\n")
        self.write(".dvcignore", "")
        (self.path / ".dvc/tmp").mkdir()
        if git:
            self.git("init", "-q", "-b", "main")
            self.commit("init")
        return self

    def git(self, *args, check=True):
        done = subprocess.run(["git", *args], cwd=self.path, env=self.env, capture_output=True, text=True, errors="surrogateescape")
        assert not check or done.returncode == 0, f"git {args}: {done.stderr}"
        return done.stdout

    def commit(self, message="change"):
        self.git("add", "-A")
        self.git("commit", "-qm", message, "--allow-empty")
        return self.git("rev-parse", "HEAD").strip()

    def clone(self, path):
        self.git("clone", "-q", str(self.path), str(path))
        return Repo(path, self.env)

    def sh(self, script):
        done = subprocess.run(["sh", "-ec", script], cwd=self.path, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, f"{script}: {done.stderr}"
        return done.stdout

    # -- files
    def write(self, name, data="", mode=None):
        """A file (text or bytes) or, with a dict, a folder of them."""
        file = self.path / name
        if isinstance(data, dict):
            file.mkdir(parents=True, exist_ok=True)
            for key, value in data.items():
                self.write(os.path.join(name, key), value)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.is_symlink() or file.exists():
            file.unlink()  # never write through a link into the cache
        file.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))
        if mode is not None:
            file.chmod(mode)

    def read(self, name):
        return (self.path / name).read_text()

    def exists(self, name):
        return os.path.lexists(self.path / name)

    def remove(self, name):
        file = self.path / name
        if file.is_dir() and not file.is_symlink():
            remove_tree(file)
        else:
            file.unlink()

    def config(self, text):
        self.write(".dvc/config", text)

    def beside(self, name):
        """A path next to the repository, `../name`."""
        return self.path.parent / name

    # -- looks
    def tree(self, name="."):
        return tree(self.path / name)

    def snapshot(self):
        """Everything that is not private to a tool."""
        return {k: v for k, v in tree(self.path).items() if not any(k == one or k.startswith(one + "/") for one in PRIVATE)}

    def tracked(self):
        """The texts of what the tools write for git: .dvc files, dvc.yaml, dvc.lock, .gitignore, config."""
        names = [k for k in self.snapshot() if re.search(r"(\.dvc|/?dvc\.(yaml|lock)|\.gitignore|\.dvcignore|\.dvc/config(\.local)?)$", k)]
        return {name: self.read(name) for name in sorted(names) if (self.path / name).is_file()}

    def objects(self, folder=".dvc/cache"):
        """{path in the cache: (mode, md5 of the content)}; state and temporary files of nobody."""
        root = self.path / folder
        found = {}
        for base, _, files in os.walk(root):
            for name in files:
                if re.fullmatch(r"\.[\w-]+\.tmp", name):
                    continue  # left by the real tool after `add -o`
                file = pathlib.Path(base, name)
                found[str(file.relative_to(root))] = (oct(file.stat().st_mode & 0o7777), md5(file.read_bytes()))
        return dict(sorted(found.items()))

    def object(self, hash_value, folder=".dvc/cache"):
        """The path of an object of the 3.x cache."""
        return self.path / folder / "files/md5" / hash_value[:2] / hash_value[2:]


def md5(data):
    return hashlib.md5(data).hexdigest()


def remove_tree(folder):
    """Also of folders without the permission to write, and names that are not UTF-8."""
    for base, folders, files in os.walk(os.fsencode(folder), topdown=False):
        os.chmod(base, 0o777)
        for name in files:
            os.unlink(os.path.join(base, name))
        for name in folders:
            path = os.path.join(base, name)
            os.unlink(path) if os.path.islink(path) else os.rmdir(path)
    os.rmdir(folder)


def tree(root):
    """{path: what is there}; files by md5 and executable bit, links by target, folders as such."""
    found = {}
    for base, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(base, name)
            status = os.lstat(path)
            key = os.path.relpath(path, root)
            if stat.S_ISLNK(status.st_mode):
                found[key] = ("link", os.readlink(path))
            elif stat.S_ISDIR(status.st_mode):
                found[key] = ("folder",)
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    found[key] = ("file", md5(file.read()), bool(status.st_mode & 0o100))
            else:
                found[key] = ("special",)
    return dict(sorted(found.items()))


def content(root):
    """As `tree`, with links followed: what a reader of the data sees."""
    found = {}
    for base, _, files in os.walk(root):
        for name in files:
            path = os.path.join(base, name)
            found[os.path.relpath(path, root)] = md5(pathlib.Path(path).read_bytes())
    return dict(sorted(found.items()))


# ---------------------------------------------------------------- texts
def plain(text, *folders):
    """Text without what changes from run to run: folders, times, names of temporary files. Hashes stay."""
    for folder in folders:
        text = text.replace(str(folder), "<PATH>")
    text = re.sub(r"\.[A-Za-z0-9_-]{22}\.tmp", ".<TMP>.tmp", text)
    text = re.sub(r"\bpid \d+|\(PID \d+\)|'pid': \d+", "pid <PID>", text, flags=re.IGNORECASE)
    # The real tool's order is that of a set.
    text = re.sub(r"(?<=\tgit add ).*", lambda match: " ".join(sorted(match[0].split(" "))), text)
    # Hints of the authors of dvc to themselves.
    text = re.sub(r"\n*Having any troubles\? Hit us up at [^\n]*\n", "\n", text)
    return text


def lines_in_order(wanted, given):
    """Do the lines of `wanted` occur in `given` in that order? More lines may be between them."""
    rest = iter(given.splitlines())
    return all(any(line.rstrip() == other.rstrip() for other in rest) for line in wanted.splitlines() if line.strip())


def stage_names(text):
    """The stages that a `repro` has run, in order."""
    return re.findall(r"^Running stage '([^']+)':", text, flags=re.MULTILINE)


class Twins:
    """The same repository twice, `a` in the hands of the real tool and `b` in those of ours; the paths have the same length."""

    def __init__(self, folder, real, ours, fill=None, **options):
        self.tools = (real, ours)
        self.repos = tuple(Repo(pathlib.Path(folder) / one / "repo", real.env).init(**options) for one in ("real", "ours"))
        if fill:
            self.each(fill)
            for repo in self.repos:
                repo.commit("fill")

    @property
    def a(self):
        return self.repos[0]

    @property
    def b(self):
        return self.repos[1]

    def each(self, change):
        for repo in self.repos:
            change(repo)

    def write(self, *args, **options):
        self.each(lambda repo: repo.write(*args, **options))

    def commit(self, message="change"):
        self.each(lambda repo: repo.commit(message))

    def run(self, *args, cwd=".", compare="text", check=None, **options):
        """Both run the command. They must agree on the exit status and, by `compare`, on what is printed:
        text    stdout is equal, and the lines of the real tool's stderr are all in ours, in that order (ours may add lines of its own)
        lines   as text, but the order of the lines does not matter
        json    stdout is the same JSON value
        code    the exit status only
        """
        running = [
            tool.start(*(str(word).replace("{}", str(repo.path)) for word in args), cwd=repo.path / cwd, **options)
            for tool, repo in zip(self.tools, self.repos)
        ]
        done = [process.finish() for process in running]
        agree(*done, compare, [repo.path.parent for repo in self.repos])
        if check is not None:
            assert done[0].returncode == check, f"not exit {check}: {done[0]}"
        return done[1]

    def same(self, objects=True):
        """The files, those of the tools too, and the caches are equal."""
        assert self.a.tracked() == self.b.tracked()
        assert self.a.snapshot() == self.b.snapshot()
        if objects:
            assert self.a.objects() == self.b.objects()


def agree(real, ours, compare, folders=()):
    context = f"\n=== real\n{real}\n=== ours\n{ours}"
    assert real.returncode == ours.returncode, f"exit {ours.returncode}, not {real.returncode}{context}"
    if compare == "code" or real.returncode == 254:  # the text is argparse's
        return
    if compare == "json" and real.returncode in (0, 1) and real.stdout.strip():
        assert sorted_json(ours.stdout, folders) == sorted_json(real.stdout, folders), context
        return
    wanted, given = (plain(one.stdout, *folders) for one in (real, ours))
    if compare == "lines":
        wanted, given = (sorted_lines(text) for text in (wanted, given))
    assert given == wanted, context
    wanted, given = (plain(one.stderr, *folders) for one in (real, ours))
    if compare == "lines":
        wanted, given = (sorted_lines(text) for text in (wanted, given))
    assert lines_in_order(wanted, given), context


def sorted_lines(text):
    return "\n".join(sorted(line.rstrip() for line in text.splitlines()))


def sorted_json(text, folders=()):
    """JSON without the order inside that does not count: lists of names, or of objects with a path, are sorted."""

    def settle(value):
        if isinstance(value, dict):
            return {key: settle(one) for key, one in value.items()}
        if isinstance(value, list):
            settled = [settle(one) for one in value]
            if all(isinstance(one, str) or (isinstance(one, dict) and ("path" in one or "old" in one)) for one in settled):
                return sorted(settled, key=lambda one: json.dumps(one, sort_keys=True))
            return settled
        return value

    for folder in folders:
        text = text.replace(str(folder), "<PATH>")
    # NaN is equal to itself here, but for its text.
    return settle(json.loads(text, parse_constant=lambda word: f"<{word}>")) if text.strip() else None
