"""--default-artifact-root: new experiments keep their files where clients write them, and the server reads a folder safely."""

import os
import pathlib

import pytest
from access import As
from conftest import start_server


def location(asker, name, **fields):
    made = asker.ml("POST", "experiments/create", name=name, **fields)["experiment_id"]
    return made, asker.ml("GET", "experiments/get", experiment_id=made)["experiment"]["artifact_location"]


def upload(asker, run, path, data=b"x"):
    return asker.post("/ajax-api/2.0/mlflow/upload-artifact", params={"run_uuid": run, "path": path}, data=data)


def new_run(asker, experiment):
    info = asker.ml("POST", "runs/create", experiment_id=experiment)["run"]["info"]
    return info["run_id"], info["artifact_uri"]


@pytest.fixture
def started(mlean, env, tmp_path):
    def start(*options, **settings):
        root = tmp_path / "root"
        root.mkdir(exist_ok=True)
        return start_server(mlean, env | settings.get("env", {}), tmp_path / "stderr", root, *options)

    return start


@pytest.mark.parametrize(
    "given, of_default",
    [
        ("s3://bucket/prefix/", "s3://bucket/prefix/0"),
        ("gs://bucket", "gs://bucket/0"),
        ("http://proxy/api/2.0/mlflow-artifacts/artifacts", "http://proxy/api/2.0/mlflow-artifacts/artifacts/0"),
        ("files", "{root}/files/0"),
        ("file://{root}/a%20b", "file://{root}/a%20b/0"),
    ],
)
def test_experiments_lie_below_it(started, tmp_path, given, of_default):
    root = str(tmp_path / "root")
    with started("--default-artifact-root", given.format(root=root)) as live:
        asker = As(live.url)
        default = asker.ml("GET", "experiments/get", experiment_id="0")["experiment"]["artifact_location"]
        assert default == of_default.format(root=root)
        made, place = location(asker, "made")
        assert place == default[:-1] + made
        run, uri = new_run(asker, made)
        assert uri == f"{place}/{run}/artifacts"
        model = asker.ml("POST", "logged-models", experiment_id=made)["model"]["info"]
        assert model["artifact_uri"] == f"{place}/models/{model['model_id']}/artifacts"
        assert location(asker, "own", artifact_location="s3://other/")[1] == "s3://other/"
        assert new_run(asker, str(int(made) + 1))[1].startswith("s3://other/") and "//" not in new_run(asker, "2")[1][5:]
    with started() as live:  # what is there stays there, what is new does not go there
        assert location(As(live.url), "later")[1].startswith("mlflow-artifacts:/")


def test_mlflows_variable_is_read(started):
    with started(env={"MLFLOW_DEFAULT_ARTIFACT_ROOT": "s3://bucket/x"}) as live:
        assert location(As(live.url), "made")[1].startswith("s3://bucket/x/")


def test_a_relative_place_is_below_the_servers_folder(started, tmp_path):
    with started() as live:
        assert location(As(live.url), "made", artifact_location="my_location")[1] == str(tmp_path / "root/my_location")


def test_a_folder_is_listed_sent_and_written(started, tmp_path):
    with started("--default-artifact-root", f"file://{tmp_path}/a%20b") as live:
        asker = As(live.url)
        run, uri = new_run(asker, "0")
        folder = tmp_path / "a b/0" / run / "artifacts"
        assert uri == f"file://{tmp_path}/a%20b/0/{run}/artifacts"
        (folder / "deep").mkdir(parents=True)
        (folder / "a.txt").write_text("of a client")
        (folder / "deep/b.txt").write_text("deeper")
        listed = asker.ml("GET", "artifacts/list", run_id=run)
        assert listed["root_uri"] == uri
        assert listed["files"] == [{"path": "a.txt", "is_dir": False, "file_size": 11}, {"path": "deep", "is_dir": True}]
        assert asker.get("/get-artifact", params={"run_id": run, "path": "deep/b.txt"}).text == "deeper"
        for size in (3, 3 << 20):
            assert upload(asker, run, f"new/{size}", b"x" * size).status_code == 200
            assert (folder / f"new/{size}").stat().st_size == size
        for path in ("deep", "a.txt/b"):
            put = upload(asker, run, path)
            assert (put.status_code, "is in the way" in put.text) == (400, True), put.text


def test_no_link_leads_out_of_a_folder(started, tmp_path):
    outside = tmp_path / "outside"
    (outside / "artifacts").mkdir(parents=True)
    (outside / "secret").write_text("not ours")
    (outside / "artifacts/secret").write_text("not ours")
    with started("--default-artifact-root", f"file://{tmp_path}/files") as live:
        asker = As(live.url)

        def get(run, path):
            return asker.get("/get-artifact", params={"run_id": run, "path": path}).status_code

        def put(run, path):
            return upload(asker, run, path).status_code

        run, _ = new_run(asker, "0")
        folder = tmp_path / "files/0" / run / "artifacts"
        folder.mkdir(parents=True)
        (folder / "link").symlink_to(outside)
        (folder / "file").symlink_to(outside / "secret")
        os.mkfifo(folder / "pipe")
        assert "files" not in asker.ml("GET", "artifacts/list", run_id=run)
        assert "files" not in asker.ml("GET", "artifacts/list", run_id=run, path="link")
        assert [get(run, path) for path in ("link/secret", "file", "pipe", "link")] == [404] * 4
        assert [put(run, path) for path in ("link/new", "file", "pipe")] == [400] * 3
        for path in ("../x", "%2e%2e/x", "/etc/passwd"):
            assert get(run, path) == 400
        # The folder of a whole run, and of what is in it.
        for part in ("", "/artifacts"):
            other, _ = new_run(asker, "0")
            planted = pathlib.Path(f"{tmp_path}/files/0/{other}{part}")
            planted.parent.mkdir(exist_ok=True)
            planted.symlink_to(outside / "artifacts" if part else outside)
            assert "files" not in asker.ml("GET", "artifacts/list", run_id=other)
            assert get(other, "secret") == 404 and put(other, "new") == 400
        assert sorted(path.name for path in outside.rglob("*")) == ["artifacts", "secret", "secret"]


@pytest.mark.parametrize(
    "option, said",
    [
        ("--backend-store-uri=sqlite:///mlflow.db", "mlean migrate mlflow"),
        ("--registry-store-uri sqlite:///mlflow.db", "mlean migrate mlflow"),
        ("--workers 4", "leave it out"),
        ("-w 4", "leave it out"),
        ("--gunicorn-opts --timeout=60", "leave it out"),
        ("--app-name basic-auth", "--auth"),
        ("--no-serve-artifacts", "--default-artifact-root"),
        ("--expose-prometheus x", "GET /metrics"),
        ("--artifacts-destination gs://bucket/x", "below the folder --root"),
        ("--default-artifact-root s3://b/x?y", "it has a '#' or '?'"),
    ],
)
def test_options_of_mlflow_get_one_line(run, tmp_path, option, said):
    words = option.split(" ", 1)
    done = run("server", "--root", tmp_path, "--port", "0", *words, cwd=tmp_path, check=2)
    first, *rest = done.stderr.splitlines()
    assert first.startswith("error: cannot ") and words[0].split("=")[0].removeprefix("--artifacts-destination") in first
    assert said in done.stderr and len(rest) == 1 and rest[0].startswith("  fix: mlean "), done.stderr


def test_variables_of_mlflow_are_warned_of(started, tmp_path):
    given = {"MLFLOW_AUTH_CONFIG_PATH": "basic_auth.ini", "MLFLOW_TRUNCATE_LONG_VALUES": "false"}
    with started(env=given):
        said = (tmp_path / "stderr").read_text()
        assert all(name in said for name in given), said
