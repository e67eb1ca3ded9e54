"""MLflow's own Java client (tests/clients/java) against our server, and the same calls against the real one beside it.

It calls the `mlflow` program for artifacts: the one of the environment that runs this suite.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest
from conftest import TOP, start_server, user_env

sys.path.append(str(TOP / "tests/http"))
from access import PASSWORD, Users  # noqa: E402

SOURCE = TOP / "tests/clients/java"
JARS = [TOP / ".deps/java" / line.split()[1] for line in (SOURCE / "jars.sha256").read_text().splitlines()]
FAIL = {  # what has to fail, and how; everything else has to work
    "experiments": {"unknown": 404, "create again": 400, "bad filter": 400},
    "runs": {"param again": 400, "delete tag again": 404, "batch too large": 400, "unknown": 404, "log to deleted": 400, "bad filter": 400},
    "fluent": {"unknown experiment": "IllegalArgumentException"},
    "history": {},
    "artifacts": {"missing": "MlflowClientException"},
    "registry": {"create again": 400, "to nowhere": 400, "unknown model": 404, "unknown version": 404, "none in stage": "MlflowClientException"},
}


class Java:
    def __init__(self, classes, folder):
        self.classes, self.folder = classes, folder

    def run(self, url, part, **env):
        """What every step of `part` gave, by name."""
        programs = pathlib.Path(sys.executable).parent
        done = subprocess.run(
            ["java", "-cp", ":".join(map(str, [*JARS, self.classes])), "JavaClient", part, str(self.folder)], capture_output=True, text=True, timeout=300,
            env=os.environ | {"MLFLOW_TRACKING_URI": url, "MLFLOW_REGISTRY_URI": url, "PATH": f"{programs}:{os.environ['PATH']}"} | env,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def java(tmp_path_factory):
    missing = [jar.name for jar in JARS if not jar.exists()] + [tool for tool in ("java", "javac") if shutil.which(tool) is None]
    if missing:
        (pytest.fail if os.environ.get("MLEAN_CONFORMANCE") else pytest.skip)(f"{missing[0]} is not there; run ./dev conformance")
    classes, folder = tmp_path_factory.mktemp("classes"), tmp_path_factory.mktemp("files")
    subprocess.run(["javac", "-d", str(classes), "-cp", str(JARS[0]), str(SOURCE / "JavaClient.java")], check=True, timeout=120)
    (folder / "sub").mkdir()
    (folder / "one.txt").write_text("one\n")
    (folder / "empty").touch()
    (folder / "sub/two ä.txt").write_text("zwei\n")
    return Java(classes, folder)


def failures(results):
    """Step -> status of the answer, or the exception's name."""
    found = {}
    for step, result in results.items():
        if isinstance(result, dict) and "status" in result and "body" in result:
            found[step] = result["status"]
        elif isinstance(result, str) and re.match(r"\w+Exception: ", result):
            found[step] = result.split(":")[0]
    return found


def plain(value, key=""):
    """Without what differs between two servers on purpose, or by the hour."""
    if isinstance(value, dict):
        return {name: plain(inner, name) for name, inner in value.items() if name not in ("sqlstate", "error_class")}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    text = str(value)
    if re.fullmatch(r"1[0-9]{12}", text) and not text.startswith("17000000"):
        return "<time>"
    if key == "experiment_id" or key.startswith("create") and text.isdigit():
        return "<experiment>"
    if key == "message":
        return re.split(r" Error: \(|; try: | Valid keys", text)[0]
    return re.sub(r"^mlflow-artifacts:/\d+", "mlflow-artifacts:/<experiment>", value) if isinstance(value, str) else value


@pytest.mark.parametrize("part", ["experiments", "runs", "fluent", "history", "registry"])
def test_both_servers_give_the_same(java, ours, real, part):
    mine, theirs = java.run(ours.url, part), java.run(real.url, part)
    assert failures(mine) == FAIL[part]
    mine, theirs = ours.masked(plain(mine)), real.masked(plain(theirs))
    assert {step: mine[step] for step in mine if mine[step] != theirs[step]} == {step: theirs[step] for step in mine if mine[step] != theirs[step]}
    if part == "history":
        assert mine == {"whole": "3000 in order", "without max_results": 3000, "unknown metric": []}


def test_artifacts(java, ours):
    got = java.run(ours.url, "artifacts")
    assert failures(got) == FAIL["artifacts"]
    assert got["list"] == [{"path": "in", "is_dir": True}, {"path": "one.txt", "is_dir": False, "file_size": "4"}]
    assert [file["path"] for file in got["list folder"]] == ["in/here/empty", "in/here/one.txt", "in/here/sub"]
    files = {"empty": "", "one.txt": "one\n", "sub/two ä.txt": "zwei\n"}
    assert got["download file"] == {"": "one\n"}
    assert got["download all"] == {"one.txt": "one\n"} | {"in/here/" + name: content for name, content in files.items()}


def test_names_passwords_and_tokens(java, mlean, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    env = user_env(mlean, tmp_path)
    users = Users(mlean, env, root)
    users.add("ann", "--admin")
    users.add("bob")
    with start_server(mlean, env, tmp_path / "stderr", root, "--auth") as live:

        def who(**variables):
            return java.run(live.url, "who", **{"MLFLOW_TRACKING_" + name: value for name, value in variables.items()})

        may_all, may_read, may_nothing = {}, {"write": 403}, {"read": 401, "write": 401}
        assert failures(who(USERNAME="ann", PASSWORD=PASSWORD)) == may_all
        assert failures(who(USERNAME="bob", PASSWORD=PASSWORD)) == may_read
        assert failures(who(TOKEN=users.token("ann"))) == may_all
        assert failures(who(TOKEN=users.token("ann", "--read-only"))) == may_read
        start = time.monotonic()
        wrong = who(USERNAME="ann", PASSWORD="wrong")
        assert failures(wrong) == may_nothing and "not authenticated" in wrong["read"]["body"]
        assert failures(who(TOKEN="nobody")) == failures(who()) == may_nothing
        assert time.monotonic() - start < 30  # told at once; the client repeats it thrice, without a wait
