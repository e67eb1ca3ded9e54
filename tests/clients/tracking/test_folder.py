"""mlean server --artifacts-destination DIR beside mlflow server with the same option: one script leaves the same files in both
folders, and the folder of the one is taken over by the other."""

import os
import pathlib

import mlflow
import pytest
import requests
from conftest import make_run, start_server, user_env

from .conftest import start_real


class Constant(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [7] * len(model_input)


def write(url, folder):
    """Everything that puts files there. Returns the run's id."""
    mlflow.set_tracking_uri(url)
    mlflow.set_experiment("folder")
    (folder / "made/deep").mkdir(parents=True)
    (folder / "made/a b.txt").write_text("blank")
    (folder / "made/deep/ä.bin").write_bytes(b"\x00\xff" * 400_000)
    with mlflow.start_run(run_name="r") as run:
        mlflow.log_text("text", "notes/n.txt")
        mlflow.log_dict({"a": 1}, "conf.json")
        mlflow.log_artifacts(folder / "made", "made")
        mlflow.log_artifact(folder / "made/a b.txt")
        mlflow.log_text("second", "notes/n.txt")
        name = {"name": "model"} if int(mlflow.__version__.split(".")[0]) >= 3 else {"artifact_path": "model"}
        mlflow.pyfunc.log_model(python_model=Constant(), pip_requirements=[], **name)
    return run.info.run_id


def kept(folder, run_id):
    """Paths and sizes, with the ids that are new in each run left out; contents where they are not of the time."""
    out = {}
    models = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if not path.is_file() or parts[0].startswith(".mlean-"):
            continue
        shown = [models.setdefault(part, "MODEL") if part.startswith("m-") else "RUN" if part == run_id else part for part in parts]
        timely = path.name in ("MLmodel", "python_model.pkl", "python_env.yaml", "conda.yaml", "requirements.txt")
        out["/".join(shown)] = None if timely else path.read_bytes()
    return out


@pytest.fixture
def ours(mlean, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "root").mkdir()
    env = user_env(mlean, tmp_path / "home")

    def start(*args):
        return start_server(mlean, env, tmp_path / "stderr", tmp_path / "root", *args)

    start.run = make_run(mlean, env)
    return start


def test_the_same_files(ours, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with start_real(tmp_path / "real") as url:
        of_real = kept_after(url, tmp_path / "one", tmp_path / "real/artifacts")
    with ours("--artifacts-destination", tmp_path / "files") as live:
        of_ours = kept_after(live.url, tmp_path / "two", tmp_path / "files")
    assert of_ours == of_real and len(of_real) > 6


def kept_after(url, made, folder):
    return kept(folder, write(url, made))


def test_a_folder_is_taken_over(ours, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "one").mkdir()
    with start_real(tmp_path / "real") as url:
        run_id = write(url, tmp_path / "one")
        expected = read(url, run_id, tmp_path / "from-real")
    before = sorted((tmp_path / "real/artifacts").rglob("*"))
    with ours("--artifacts-destination", tmp_path / "real/artifacts"):
        pass
    ours.run("migrate", "mlflow", f"sqlite:///{tmp_path}/real/db", "--no-artifacts", cwd=tmp_path / "root")
    with ours() as live:
        assert read(live.url, run_id, tmp_path / "from-ours") == expected
        mlflow.set_tracking_uri(live.url)
        assert mlflow.pyfunc.load_model(f"runs:/{run_id}/model").predict([1, 2]) == [7, 7]
        # By hand: the client of this process remembers the other server's address for the run.
        uri = mlflow.MlflowClient(live.url).get_run(run_id).info.artifact_uri
        route = uri.replace("mlflow-artifacts:/", f"{live.url}/api/2.0/mlflow-artifacts/artifacts/")
        assert requests.put(f"{route}/notes/later.txt", data=b"later", timeout=30).status_code == 200
        (later,) = (tmp_path / "real/artifacts").glob(f"*/{run_id}/artifacts/notes/later.txt")
        assert later.read_text() == "later"
    ours_alone = [path for path in (tmp_path / "real/artifacts").rglob("*") if ".mlean-" not in str(path)]
    assert sorted(ours_alone) == sorted([*before, later])


def read(url, run_id, to):
    """path -> bytes of all that the client finds in the run."""
    mlflow.set_tracking_uri(url)
    folder = pathlib.Path(mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=str(to)))
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and os.path.getsize(path)}
