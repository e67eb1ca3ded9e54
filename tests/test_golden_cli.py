"""What the command line prints, word for word: tests/golden/cli/*.txt.

A file is the command, a line "----", and what it prints: stdout, stderr after a line "---- stderr" when there is any, and the exit status.
Files beginning with "project-" run in a small project that has done one turn, the others in an empty folder; a file may spoil the project
first by lines of sh before the command. What changes from run to run is replaced by a word: <TIME>, <HASH>, <PATH>, <MS>, <PID>.
UPDATE_GOLDEN=1 writes the files anew: look at the difference before you commit it.
"""

import os
import re
import shutil
import subprocess

import projects
import pytest
from conftest import TOP

FOLDER = TOP / "tests/golden/cli"
FILES = sorted(FOLDER.glob("*.txt"))


@pytest.fixture(scope="session")
def finished_project(tmp_path_factory, mlean):
    """A project after its first turn; each test works in a copy."""
    from conftest import make_run, user_env

    root = projects.make(tmp_path_factory.mktemp("golden"))
    run = make_run(mlean, user_env(mlean, tmp_path_factory.mktemp("home")))
    run("loop", "run", cwd=root)
    return root


def normalised(text, folders):
    for folder in folders:
        text = text.replace(str(folder), "<PATH>")
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?", "<TIME>", text)
    text = re.sub(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<ID>", text)
    text = re.sub(r"\b[0-9a-f]{12,64}\b", lambda m: "<HASH>" if re.search("[a-f]", m[0]) or len(m[0]) >= 32 else m[0], text)
    text = re.sub(r" +\d+ ms\b", " <MS>", text)
    text = re.sub(r"\d+\.\d+ s\b", "<SECONDS>", text)
    text = re.sub(r"\bcli:\w+ *", "cli:<USER> ", text)
    return re.sub(r"pid \d+", "pid <PID>", text)


def run_script(script, cwd, env, mlean, folders):
    """The lines of sh with the program in PATH as `mlean`; text as a golden file has it."""
    bin_folder = cwd.parent / "bin"
    bin_folder.mkdir()
    os.symlink(mlean, bin_folder / "mlean")
    env = env | {"PATH": f"{bin_folder}:{env['PATH']}"}
    done = subprocess.run(["sh", "-c", script], cwd=cwd, env=env, capture_output=True, text=True, timeout=60)
    out = done.stdout + (f"---- stderr\n{done.stderr}" if done.stderr else "") + f"---- exit {done.returncode}\n"
    return normalised(out, folders)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_command(file, tmp_path, env, mlean, request):
    script, _, expected = file.read_text().partition("----\n")
    work = tmp_path / "work"
    folders = [work]
    if file.name.startswith("project-"):
        finished = request.getfixturevalue("finished_project")
        shutil.copytree(finished, work)
        folders.append(finished)
    else:
        work.mkdir()
    printed = run_script(script, work, env, mlean, folders)
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(f"{script}----\n{printed}")
    assert printed == expected or os.environ.get("UPDATE_GOLDEN")


def test_there_are_golden_files():
    assert len(FILES) >= 25
