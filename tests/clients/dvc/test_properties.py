"""Random trees and random sequences of edits and verbs: twin repositories in the hands of the two tools stay equal after each step.

The tools change hands at random, so that each goes on with what the other one has left. After each step `status`, `data status` and `diff` say
the same, and .dvc files, .gitignore, the workspace and the objects of the cache (.dir objects among them) are equal byte for byte.
Seeds are 0 to DVC_SEEDS - 1 (3); DVC_SEED=n tries that one alone; DVC_STEPS steps each (8). A failure tells the steps that led to it.
"""

import os
import random

import pytest

from . import repos

STEPS = int(os.environ.get("DVC_STEPS", "8"))
SEEDS = [int(os.environ["DVC_SEED"])] if "DVC_SEED" in os.environ else range(int(os.environ.get("DVC_SEEDS", "3")))

OUTPUTS = ["data", "more data", "one.bin", "größe.txt", "deep/er/out", "x (1)"]
FILES = ["a", "b.txt", "ü.txt", "日本 1", ".hidden", "-dash", "a b", "q'uote\"", "#hash", "[br]", "a,b", "x.tmp", "B", "a-b", "back\\slash", "tab\there"]
FOLDERS = ["", "sub", "sub/deeper", ".dot", "ß b", "x.tmpd", "a.d"]
PATTERNS = ["*.tmp", "/data/sub", "data/*.txt", "!data/b.txt", "x.tmpd/", ".hidden", "**/deeper", "# a comment", "[ab]*", "a?b"]
READERS = [("status", "--json"), ("data", "status", "--granular", "--unchanged", "--json"), ("diff", "--json", "--show-hash")]


class Walk:
    """One random walk through both repositories."""

    def __init__(self, twins, seed):
        self.chance = random.Random(seed)
        self.twins = twins
        self.told = [f"seed {seed}"]
        self.commits = 1
        for name in self.chance.sample(OUTPUTS, 3):
            self.fill(name)
        self.verb("add", *self.there())
        self.twins.commit("0")

    def tell(self, text):
        self.told.append(text)

    # -- what is there
    def there(self):
        return [name for name in OUTPUTS if self.twins.a.exists(name)]

    def tracked(self):
        return [name for name in OUTPUTS if self.twins.a.exists(f"{name}.dvc")]

    def files(self, kind="file"):
        """The paths of data, in a fixed order."""
        found = []
        for name in self.there():
            root = self.twins.a.path / name
            if root.is_dir() and not root.is_symlink():
                found += [f"{name}/{path}" for path, what in self.twins.a.tree(name).items() if what[0] == kind]
            elif kind == "file":
                found.append(name)
        return sorted(found)

    def data(self):
        size = self.chance.choice([0, 1, 5, 100, 5000])
        return self.chance.choice([b"same\n", self.chance.randbytes(size), b"a\r\nb\r\n"])

    def fill(self, name):
        """A folder of files, or one file."""
        if (self.twins.a.path / name).is_file():
            return self.write(name, self.data())
        if (self.twins.a.path / name).is_dir():
            return self.new_in(name)
        if "." in name and "/" not in name or self.chance.random() < 0.15:
            return self.write(name, self.data(), self.chance.choice([None, 0o755]))
        if self.chance.random() < 0.1:
            self.tell(f"empty folder {name!r}")
            return self.twins.each(lambda repo: (repo.path / name).mkdir(parents=True))
        for _ in range(self.chance.randint(1, 8)):
            path = os.path.join(name, self.chance.choice(FOLDERS), self.chance.choice(FILES))
            if not any((self.twins.a.path / one).is_file() for one in parents(path)) and not (self.twins.a.path / path).is_dir():
                self.write(path, self.data(), self.chance.choice([None, None, 0o755]))

    def write(self, path, data, mode=None):
        self.tell(f"write {path!r} {data[:8]!r} ({len(data)}) {mode and oct(mode)}")
        self.twins.write(path, data, mode=mode)

    # -- edits
    def edit(self):
        edits = [self.new, self.change, self.change_same_size, self.delete, self.rename, self.executable, self.touch, self.replace, self.link, self.ignore]
        for _ in range(self.chance.randint(1, 3)):
            self.chance.choice(edits)()
        self.drop_broken_links()

    def drop_broken_links(self):
        """Most verbs of the real tool end on them with an unexpected error; test_data_diff.py has them."""
        for repo in self.twins.repos:
            for path in repo.path.rglob("*"):
                if path.is_symlink() and not path.exists():
                    self.tell(f"remove the broken link {path}")
                    path.unlink()

    def new(self):
        self.fill(self.chance.choice(OUTPUTS)) if self.chance.random() < 0.3 or not self.folders() else self.new_in(self.chance.choice(self.folders()))

    def folders(self):
        return [name for name in self.there() if (self.twins.a.path / name).is_dir()]

    def new_in(self, folder):
        path = f"{folder}/{self.chance.choice(FILES)}"
        if not (self.twins.a.path / path).is_dir():
            self.write(path, self.data())

    def change(self):
        if files := self.files():
            self.write(self.chance.choice(files), self.data())

    def change_same_size(self):
        """In place, without another inode."""
        files = [path for path in self.files() if (self.twins.a.path / path).stat().st_size > 0]
        if not files:
            return
        path = self.chance.choice(files)
        self.tell(f"change in place {path!r}")
        data = self.chance.randbytes((self.twins.a.path / path).stat().st_size)
        for repo in self.twins.repos:
            (repo.path / path).chmod(0o644)
            with open(repo.path / path, "r+b") as file:
                file.write(data)

    def delete(self):
        paths = self.files() + self.there() + self.files("link")
        if paths:
            path = self.chance.choice(paths)
            self.tell(f"remove {path!r}")
            self.twins.each(lambda repo: repo.remove(path))
            # The real tool tells an empty folder where a file was; ours knows no empty folders.
            folder = os.path.dirname(path)
            if "/" in path and folder and not os.listdir(self.twins.a.path / folder):
                self.twins.each(lambda repo: repo.remove(folder))

    def rename(self):
        if files := self.files():
            old = self.chance.choice(files)
            new = os.path.join(os.path.dirname(old), "moved " + os.path.basename(old))
            self.tell(f"rename {old!r} to {new!r}")
            self.twins.each(lambda repo: (repo.path / old).rename(repo.path / new))

    def executable(self):
        if files := self.files():
            path = self.chance.choice(files)
            self.tell(f"chmod {path!r}")
            for repo in self.twins.repos:
                (repo.path / path).chmod((repo.path / path).stat().st_mode ^ 0o111 | 0o600)

    def touch(self):
        if files := self.files():
            path, when = self.chance.choice(files), self.chance.randint(10**9, 10**9 + 10**6)
            self.tell(f"touch {path!r}")
            self.twins.each(lambda repo: os.utime(repo.path / path, (when, when)))

    def replace(self):
        """A file by a folder, a folder by a file."""
        inner, outer = self.files(), self.files("folder") + self.there()
        if not inner + outer:
            return
        path = self.chance.choice(inner + outer)
        folder = (self.twins.a.path / path).is_dir()
        self.tell(f"replace {path!r} by a {'file' if folder else 'folder'}")
        self.twins.each(lambda repo: repo.remove(path))
        self.write(path if folder else f"{path}/in it", self.data())

    def link(self):
        """A link to a file beside it, as in a data set of aliases."""
        files = [path for path in self.files() if "/" in path]
        if not files:
            return
        target = self.chance.choice(files)
        path = os.path.join(os.path.dirname(target), "link")
        if self.twins.a.exists(path):
            return
        self.tell(f"link {path!r} to {os.path.basename(target)!r}")
        self.twins.each(lambda repo: (repo.path / path).symlink_to(os.path.basename(target)))

    def ignore(self):
        patterns = self.chance.sample(PATTERNS, self.chance.randint(0, 2))
        self.tell(f".dvcignore {patterns}")
        self.twins.write(".dvcignore", "".join(f"{one}\n" for one in patterns))

    # -- verbs
    def act(self):
        """Mostly what a user would do next; at times what he should not."""
        verbs = [
            (4, lambda: self.verb("add", *(self.some(self.there()) or ["data"]))),
            (3, lambda: self.verb("add", *self.some(self.files(), 2) or ["data"])),
            (3, lambda: self.verb("commit", "-f")),
            (2, lambda: self.verb("checkout")),
            (3, lambda: self.verb("checkout", "-f")),
            (1, lambda: self.verb("checkout", "-f", *(self.some(self.tracked(), 1)))),
            (1, lambda: self.verb("unprotect", *(self.some(self.tracked(), 1) or ["data"]))),
            (1, self.move),
            (1, lambda: self.verb("remove", *[f"{name}.dvc" for name in self.some(self.tracked(), 1) or ["data"]])),
            # Of all commits: what is gone the real tool may still know from an index of its own.
            (1, lambda: self.verb("gc", "-A", "-f")),
            (1, self.share),
            (2, self.commit),
            (2, self.go_back),
        ]
        self.chance.choices([verb for _, verb in verbs], [weight for weight, _ in verbs])[0]()

    def some(self, names, most=3):
        return self.chance.sample(names, min(len(names), self.chance.randint(1, most)))

    def move(self):
        old = self.some(self.tracked(), 1) or ["data"]
        new = self.chance.choice([name for name in OUTPUTS if not self.twins.a.exists(name)] or ["new"])
        if os.path.dirname(new):
            self.twins.each(lambda repo: (repo.path / new).parent.mkdir(parents=True, exist_ok=True))
        self.verb("move", *old, new)

    def share(self):
        self.verb("push", "-A")
        self.tell("the cache is gone")
        self.twins.each(lambda repo: repos.remove_tree(repo.path / ".dvc/cache") if repo.exists(".dvc/cache") else None)
        self.verb(*self.chance.choice([("fetch", "-A"), ("pull", "-A", "-f")]))

    def commit(self):
        self.tell("git commit")
        # The libraries of the real tool write git's index without its care for files that change within a second.
        self.twins.each(lambda repo: repo.git("read-tree", "--empty"))
        self.twins.commit(str(self.commits))
        self.commits += 1

    def go_back(self):
        self.commit()
        back = self.chance.randint(1, self.commits - 1)
        self.tell(f"git checkout HEAD~{back} -- .")
        # The files of git as they were then, in a commit of its own.
        for repo in self.twins.repos:
            repo.git("read-tree", "-u", "--reset", f"HEAD~{back}")
        self.verb("checkout", "-f")

    def verb(self, *words):
        if self.chance.random() < 0.5:
            self.twins.repos = self.twins.repos[::-1]
        self.tell(f"{' '.join(map(repr, words))}   [dvc in {self.twins.a.path.parent.name}]")
        self.twins.run(*words, compare="code")
        self.drop_broken_links()
        self.drop_leftovers()

    def drop_leftovers(self):
        """What is no output any more a checkout removes when its own tool has put it there."""
        for name in OUTPUTS:
            there = [repo.exists(name) for repo in self.twins.repos]
            if there[0] != there[1] and not any(repo.exists(f"{name}.dvc") for repo in self.twins.repos):
                self.tell(f"remove the leftover {name!r}")
                self.twins.repos[there.index(True)].remove(name)

    def step(self):
        self.edit()
        self.act()
        for words in READERS:
            self.twins.run(*words, compare="json")
        a, b = self.twins.repos
        assert a.tracked() == b.tracked()
        assert self.workspace(a) == self.workspace(b)
        assert a.objects() == b.objects()

    def workspace(self, repo):
        """The real tool takes the executable bit from members of folders at times, a user's bit that the folder's object does not know."""
        return {path: what[:2] if "/" in path else what for path, what in repo.snapshot().items()}


def parents(path):
    while path := os.path.dirname(path):
        yield path


@pytest.mark.parametrize("seed", SEEDS)
def test_walk(seed, twins):
    made = twins(config="[core]\n    remote = r\n['remote \"r\"']\n    url = ../../remote\n")
    walk = Walk(made, seed)
    try:
        for _ in range(STEPS):
            walk.step()
    except AssertionError as problem:
        raise AssertionError("\n".join([*walk.told, str(problem)])) from problem
