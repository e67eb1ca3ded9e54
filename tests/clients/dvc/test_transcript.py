"""Round trip 12: commands and what the real dvc 3.67.1 answers, replayed against mlean: exit status, stream, text.

data/transcript/*.txt hold scenarios, each in a fresh repository:

    ## name [empty|git]    in an empty folder, in git only; without a word after `git init`, `dvc init` and a commit
    % a line of sh
    $ arguments of the tool
    1 a line that it, or sh, must print on stdout
    2 a line of stderr; lines of mlean's own may stand between
    = the exit status

`$out` compares nothing of stderr, `$code` the exit status only. JSON is compared as JSON. Of a usage error (254) only the status counts, of a YAML file
that cannot be read only the first line: what follows is argparse's and ruamel's. Lines whose order is that of a folder or a set are sorted: UNORDERED.
UPDATE_GOLDEN=1 records them anew with the real dvc: look at the difference before you commit it.
"""

import contextlib
import os
import pathlib
import re
import shlex
import tempfile

import pytest

from . import client, repos

FOLDER = client.HERE / "data/transcript"


def scenarios():
    """[(file, name, [lines])] in the order of the files."""
    found = []
    for file in sorted(FOLDER.glob("*.txt")):
        for part in re.split(r"^## ", file.read_text(), flags=re.MULTILINE)[1:]:
            name, _, text = part.partition("\n")
            found.append((file, name.strip(), text.splitlines()))
    return found


SCENARIOS = scenarios()
UNORDERED = ("status", "checkout", "pull", "push", "fetch", "add", "metrics", "data", "ls-url", "dag", "exp")


def start_of(name, tmp_path, env):
    repo = repos.Repo(tmp_path / "w" / "repo", env)
    if name.endswith("[empty]"):
        repo.path.mkdir(parents=True)
    elif name.endswith("[git]"):
        repo.path.mkdir(parents=True)
        repo.git("init", "-q", "-b", "main")
    else:
        repo.init()
    return repo


def play(tool, repo, lines):
    """Runs the inputs among `lines`; yields (kind, input, Done), or (kind, line, None) for a line that is neither input nor output."""
    for line in lines:
        if line.startswith("% "):
            yield "sh", line, client.Done([line], 0, repo.sh(line[2:]), "")
        elif line.startswith("$"):
            kind, _, words = line[1:].partition(" ")
            yield kind or "text", line, tool(*shlex.split(words), cwd=repo.path, check=None)
        elif not re.match(r"[12=]( |$)", line):
            yield "", line, None


def texts(done, repo):
    """Normalised stdout and stderr."""
    text = [repos.plain(one, repo.path.parent, repo.env["HOME"]) for one in (done.stdout, done.stderr)]
    return [steady(one) for one in text]


def steady(text):
    text = re.sub(r"tmp\w{8}dvc-clone", "<TMP>", text)
    text = re.sub(r"<PATH>/\w+/\.dvc/tmp/mlean/clones/\w{32}", "<PATH>/tmp/<TMP>", text)  # ours are kept
    text = re.sub(r"(?<= in stages: ).*", sorted_names, text)
    # Tabs became blanks by the length of the path before them.
    text = re.sub(r"(<PATH>/\w+)\s+\(default\)", r"\1 (default)", text)
    # Experiments are commits of the moment: of the same second, they are listed by their hash.
    text = re.sub(r",branch_(commit|base),", ",branch,", text)
    text = re.sub(r"\b[0-9a-f]{7}(?= \[|,)", "<REV>", text)
    return re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d", "<TIME>", text)


def sorted_names(match):
    return ", ".join(sorted(match[0].rstrip(".").split(", "))) + "."


def recorded(kind, line, done, repo):
    """The lines of the file for one input."""
    if done is None:
        return [line]
    out, err = texts(done, repo)
    if kind == "code" or done.returncode == 254:
        out = err = ""
    elif kind == "out":
        err = ""
    end = [] if kind == "sh" else [f"= {done.returncode}"]
    return [line, *(f"{number} {row}".rstrip() for number, text in (("1", out), ("2", err)) for row in text.splitlines()), *end]


def expected(lines):
    """[{1: stdout, 2: stderr, '=': status}] for each input of a scenario."""
    found = []
    for line in lines:
        if line[:1] in "$%":
            found.append({"1": "", "2": "", "=": 0})
        elif match := re.fullmatch(r"([12])(?: (.*))?", line):
            found[-1][match[1]] += (match[2] or "") + "\n"
        elif line.startswith("= "):
            found[-1]["="] = int(line[2:])
    return found


@pytest.fixture
def short_path():
    """Tables are as wide as a terminal: a long path would break their lines."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        yield pathlib.Path(folder)


@pytest.mark.parametrize(("file", "name", "lines"), SCENARIOS, ids=[f"{file.stem}: {name}" for file, name, _ in SCENARIOS])
def test_replay(file, name, lines, real, ours, short_path, user_env):
    if os.environ.get("UPDATE_GOLDEN"):
        repo = start_of(name, short_path, user_env)
        answer = [row for step in play(real, repo, lines) for row in recorded(*step, repo)]
        return RECORDED.setdefault(file, []).append((name, answer))
    repo = start_of(name, short_path, user_env)
    wanted = iter(expected(lines))
    for kind, line, done in play(ours, repo, lines):
        if done is not None:
            compare(kind, line, done, next(wanted), repo)


def compare(kind, line, done, wanted, repo):
    given = dict(zip("12", texts(done, repo)))
    assert done.returncode == wanted["="], f"{line}: not exit {wanted['=']}: {done}"
    if kind == "code" or wanted["="] == 254:
        return
    with contextlib.suppress(ValueError):
        assert repos.sorted_json(given["1"]) == repos.sorted_json(wanted["1"]), line
        given["1"] = wanted["1"] = ""
    if match := re.search(r"^'.*' is invalid\.$", wanted["2"], flags=re.MULTILINE):
        wanted = wanted | {"2": match[0]}
    unordered = line.partition(" ")[2].startswith(UNORDERED)
    rows = {number: [[row.rstrip() for row in text.splitlines()] for text in (wanted[number], given[number])] for number in "12"}
    if unordered:
        rows = {number: [sorted(one) for one in pair] for number, pair in rows.items()}
    assert rows["1"][1] == rows["1"][0], f"{line}: stdout\n{done}"
    if kind == "text":
        assert repos.lines_in_order(*("\n".join(one) for one in rows["2"])), f"{line}: stderr lacks a line of\n{wanted['2']}\n{done}"


RECORDED = {}


@pytest.fixture(scope="module", autouse=True)
def written():
    yield
    for file, parts in RECORDED.items():
        head = re.split(r"^## ", file.read_text(), flags=re.MULTILINE)[0]
        file.write_text(head + "\n".join(f"## {name}\n" + "\n".join(rows).rstrip() + "\n" for name, rows in parts))


def test_there_are_transcripts():
    assert sum(line.startswith("$") for _, _, lines in SCENARIOS for line in lines) >= 300
