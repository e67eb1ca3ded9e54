"""--default-artifact-root as `mlflow server` has it: the client writes into the folder by itself, and the server reads there."""

import mlflow
import requests
from conftest import start_server, user_env
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

from .conftest import start_real


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


def flow(url, root, folder):
    """What a client and the server's own readers see; ids and the root by words."""
    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    client = MlflowClient(url)
    experiment = client.get_experiment(client.create_experiment("art"))
    with mlflow.start_run(experiment_id=experiment.experiment_id) as run:
        run_id, uri = run.info.run_id, run.info.artifact_uri
        mlflow.log_text("Hello", "my.file")
        mlflow.log_dict({"a": 1}, "dir/deep/a b.json")
        info = mlflow.pyfunc.log_model("model", python_model=Echo(), registered_model_name="echo")
    assert uri == f"{experiment.artifact_location}/{run_id}/artifacts"
    on_disk = sorted(str(path.relative_to(root)).replace(run_id, "RUN") for path in root.rglob("*.file"))
    listed = [(one.path, one.is_dir, one.file_size) for one in client.list_artifacts(run_id) if one.path != "model"]
    whole = download_artifacts(run_id=run_id, artifact_path="dir", dst_path=str(folder), tracking_uri=url)
    got = {}
    for path in ("my.file", "dir/deep/a b.json", "dir", "nope"):
        reply = requests.get(f"{url}/get-artifact", params={"run_id": run_id, "path": path}, timeout=60)
        got[path] = reply.text if reply.ok else reply.status_code // 100
    files = requests.get(f"{url}/api/2.0/mlflow/artifacts/list", params={"run_id": run_id, "path": "dir"}, timeout=60).json()
    source = client.get_model_version("echo", "1").source
    loaded = mlflow.pyfunc.load_model("models:/echo/1").predict([1, 2])
    return {
        "location": experiment.artifact_location.replace(str(root), "ROOT"),
        "on disk": on_disk,
        "listed": listed,
        "downloaded": [path.name for path in folder.joinpath(whole).rglob("*.json")],
        "got": got,
        "files": files["files"],
        "versions": [source.split("/")[0], info.model_uri.split("/")[0], loaded],
    }


def test_a_folder_of_files(mlean, tmp_path):
    seen = []
    for side in ("ours", "real"):
        folder, root = tmp_path / side, tmp_path / side / "files"
        (folder / "down").mkdir(parents=True)
        if side == "real":
            started = start_real(folder, "--default-artifact-root", root.as_uri())
        else:
            (folder / "home").mkdir()
            (folder / "root").mkdir()
            env = user_env(mlean, folder / "home")
            started = start_server(mlean, env, folder / "log", folder / "root", "--default-artifact-root", root.as_uri())
        with started as live:
            seen.append(flow(getattr(live, "url", live), root, folder / "down"))
    assert seen[0] == seen[1]
    assert seen[0]["on disk"] == ["1/RUN/artifacts/my.file"]
