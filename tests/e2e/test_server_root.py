"""`mlean server --root DIR` serves exactly DIR, wherever it lies, and the other verbs mean the same folder."""

import json
import subprocess

import models
import projects
import pytest

ROW = {f"f{n}": 0.5 for n in range(models.FEATURES)}


@pytest.mark.parametrize("around", ["git", "project"])
def test_a_root_inside_of_another_project(tmp_path, run, server, env, around):
    if around == "git":
        subprocess.run(["git", "init", "-q"], cwd=tmp_path, env=env, check=True)
    else:
        projects.make(tmp_path)
    root = tmp_path / "deep/er"
    root.mkdir(parents=True)
    model = models.bare(tmp_path / "bare.ubj")
    with server(root) as live:
        assert live.post("/predict/bare", json=ROW).status_code == 404
        run("-C", root, "models", "register", "bare", model.file, cwd="/")
        run("-C", root, "models", "alias", "bare", "champion", 1, cwd="/")
        assert live.post("/predict/bare", json=ROW).status_code == 200
        assert json.loads((root / ".mlean/server.json").read_text())["url"] == live.url
    assert not (tmp_path / ".mlean").exists()
    assert (root / ".mlean/mlean.db").exists()
    inner = root / "a/b"
    inner.mkdir(parents=True)
    assert [one["version"] for one in projects.versions(run, inner, "bare")] == [1]


def test_without_root_it_is_the_project_around(tmp_path, run, mlean, env):
    root = projects.make(tmp_path)
    (root / "sub").mkdir()
    process = subprocess.Popen(
        [str(mlean), "server", "--listen", "127.0.0.1:0"], cwd=root / "sub", env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout.readline().split(" at ")[0].endswith(str(root))
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def test_the_last_folder_of_a_root_is_made(tmp_path, run, server):
    with server("new/", cwd=tmp_path) as live:
        assert live.get("/health").status_code == 200
    assert (tmp_path / "new/.mlean/mlean.db").exists()


@pytest.mark.parametrize(
    "what, why, fix", [("missing/deep", "no folder '{}/missing'", "mkdir -p {}/missing"), ("file", "it is no folder", None)]
)
def test_a_root_that_is_no_folder_is_not_made(tmp_path, run, what, why, fix):
    (tmp_path / "file").write_text("kept")
    done = run("server", "--root", what, "--listen", "127.0.0.1:0", cwd=tmp_path, check=4)
    told = [f"error: cannot start server in '{tmp_path / what}': {why.format(tmp_path)}"]
    assert done.stderr.splitlines() == told + ([f"  fix: {fix.format(tmp_path)}"] if fix else [])
    assert {one.name for one in tmp_path.iterdir()} == {"file"} and (tmp_path / "file").read_text() == "kept"
