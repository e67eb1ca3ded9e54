"""What people do with MLflow, as functions of a client: each returns what the user sees of it, comparable between two servers."""

import pathlib
import tempfile
import warnings

import mlflow
import numpy
from mlflow import MlflowClient

warnings.filterwarnings("ignore")


def data_of(run):
    """What a run shows, without what differs from call to call."""
    tags = {key: value for key, value in run.data.tags.items() if not key.startswith(("mlflow.source", "mlflow.user", "mlflow.git", "mlflow.log-model"))}
    return {
        "status": run.info.status,
        "stage": run.info.lifecycle_stage,
        "metrics": {key: repr(value) for key, value in run.data.metrics.items()},
        "params": run.data.params,
        "tags": sorted(tags),
        "inputs": sorted(one.dataset.name for one in run.inputs.dataset_inputs) if run.inputs else [],
    }


def files_of(folder):
    folder = pathlib.Path(folder)
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def log_everything(client):
    mlflow.set_experiment("everything")
    with mlflow.start_run(run_name="one") as run:
        mlflow.log_param("a", 1)
        mlflow.log_params({"b": 2.5, "c": "text", "long": "x" * 7000})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"nan": float("nan"), "acc": 0.75})
        mlflow.set_tags({"team": "ops", "odd key/with.dots": "v"})
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"x": [1, 2]}, "x.json")
        mlflow.log_table({"q": [1, 2], "r": ["a", "b"]}, "table.json")
        for step in range(3):
            mlflow.log_image(numpy.zeros((4, 4, 3), dtype=numpy.uint8), key="dots", step=step)  # 2.x: "dots%step%0%timestamp%17…"
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "empty").touch()
            (pathlib.Path(folder) / "per%2541cent.txt").touch()  # clients ask for it as "perAcent.txt"
            (pathlib.Path(folder) / "ünïcode name.bin").write_bytes(bytes(range(256)) * 4096)
            mlflow.log_artifacts(folder, "many")
    shown = data_of(client.get_run(run.info.run_id))
    history = [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, "loss")]
    listed = [(one.path, one.is_dir) for one in client.list_artifacts(run.info.run_id)]
    images = len(client.list_artifacts(run.info.run_id, "images"))
    with tempfile.TemporaryDirectory() as folder:
        got = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="many", dst_path=folder)
        downloaded = files_of(got), (pathlib.Path(got) / "ünïcode name.bin").read_bytes() == bytes(range(256)) * 4096
    return shown, history, listed, images, downloaded


def nested_runs(client):
    experiment = mlflow.set_experiment("nested")
    with mlflow.start_run(run_name="parent") as parent:
        for number in range(3):
            with mlflow.start_run(run_name=f"child-{number}", nested=True):
                mlflow.log_metric("m", number)
    children = client.search_runs(
        [experiment.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}' and metrics.m >= 1", order_by=["metrics.m DESC"]
    )
    return [run.info.run_name for run in children]


def failing_run(client):
    mlflow.set_experiment("failing")
    try:
        with mlflow.start_run() as run:
            raise ValueError("no")
    except ValueError:
        pass
    return client.get_run(run.info.run_id).info.status


def delete_and_restore(client):
    experiment_id = client.create_experiment("to delete", tags={"a": "b"})
    run = client.create_run(experiment_id)
    client.delete_run(run.info.run_id)
    seen = [len(client.search_runs([experiment_id])), len(client.search_runs([experiment_id], run_view_type=2))]
    client.restore_run(run.info.run_id)
    client.delete_experiment(experiment_id)
    seen += [client.get_experiment(experiment_id).lifecycle_stage, client.get_run(run.info.run_id).info.lifecycle_stage]
    client.restore_experiment(experiment_id)
    client.rename_experiment(experiment_id, "restored")
    return [*seen, client.get_experiment_by_name("restored").tags, client.get_run(run.info.run_id).info.lifecycle_stage]


def datasets(client):
    import pandas

    mlflow.set_experiment("datasets")
    with mlflow.start_run() as run:
        frame = pandas.DataFrame({"x": [1, 2, 3], "y": [0, 1, 0]})
        mlflow.log_input(mlflow.data.from_pandas(frame, name="train", targets="y"), context="training")
    inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
    return [(one.dataset.name, one.dataset.digest, one.dataset.profile, [(tag.key, tag.value) for tag in one.tags]) for one in inputs]


def iris():
    from sklearn.datasets import load_iris

    return load_iris(return_X_y=True, as_frame=True)


def sklearn_autolog(client):
    from sklearn.linear_model import LogisticRegression

    features, target = iris()
    mlflow.set_experiment("sklearn")
    mlflow.sklearn.autolog(registered_model_name="iris")
    try:
        with mlflow.start_run() as run:
            LogisticRegression(max_iter=500, random_state=1).fit(features, target)
    finally:
        mlflow.sklearn.autolog(disable=True)
    shown = data_of(client.get_run(run.info.run_id))
    client.set_registered_model_alias("iris", "best", 1)
    expected = mlflow.sklearn.load_model("models:/iris/1").predict(features)
    answers = [
        (mlflow.pyfunc.load_model(uri).predict(features) == expected).all()
        for uri in ("models:/iris/1", "models:/iris@best", "models:/iris/latest", f"runs:/{run.info.run_id}/model")
    ]
    return shown, [bool(answer) for answer in answers], int(expected.sum())


def xgboost_autolog(client):
    import xgboost

    features, target = iris()
    mlflow.set_experiment("xgboost")
    mlflow.xgboost.autolog()
    try:
        with mlflow.start_run() as run:
            matrix = xgboost.DMatrix(features, label=target)
            xgboost.train({"objective": "multi:softprob", "num_class": 3, "seed": 1}, matrix, 5, evals=[(matrix, "train")], verbose_eval=False)
    finally:
        mlflow.xgboost.autolog(disable=True)
    loaded = mlflow.xgboost.load_model(f"runs:/{run.info.run_id}/model")
    return data_of(client.get_run(run.info.run_id)), float(loaded.predict(xgboost.DMatrix(features)).sum())


def lightgbm_autolog(client):
    import lightgbm

    features, target = iris()
    mlflow.set_experiment("lightgbm")
    mlflow.lightgbm.autolog()
    try:
        with mlflow.start_run() as run:
            lightgbm.train({"objective": "multiclass", "num_class": 3, "verbose": -1, "seed": 1, "num_threads": 1}, lightgbm.Dataset(features, label=target), 5)
    finally:
        mlflow.lightgbm.autolog(disable=True)
    loaded = mlflow.lightgbm.load_model(f"runs:/{run.info.run_id}/model")
    return data_of(client.get_run(run.info.run_id)), round(float(loaded.predict(features).sum()), 6)


def registry(client):
    client.create_registered_model("flow", tags={"k": "v"}, description="first")
    for number in range(3):
        client.create_model_version("flow", f"s3://bucket/model-{number}", tags={"n": str(number)})
    client.set_registered_model_alias("flow", "champion", "2")
    client.transition_model_version_stage("flow", 1, "Staging")
    client.transition_model_version_stage("flow", 3, "staging", archive_existing_versions=True)
    client.update_registered_model("flow", "second")
    client.update_model_version("flow", "1", "a version")
    client.set_model_version_tag("flow", "1", "t", "1")
    client.delete_model_version_tag("flow", "1", "n")
    client.delete_model_version("flow", "2")
    model = client.get_registered_model("flow")
    versions = client.search_model_versions("name = 'flow'", order_by=["version_number ASC"])
    return (
        model.description, model.tags, dict(model.aliases),
        [(str(one.version), one.current_stage, one.description, one.tags, one.source) for one in versions],
        sorted((str(one.version), one.current_stage) for one in client.get_latest_versions("flow")),
        [one.name for one in client.search_registered_models("name LIKE 'fl%'")],
    )  # fmt: skip


def search_pages(client):
    experiment_id = client.create_experiment("pages")
    for number in range(25):
        client.create_run(experiment_id, start_time=1000 + number, run_name=f"r{number:02}")
    names, token = [], None
    while True:
        page = client.search_runs([experiment_id], max_results=10, page_token=token, order_by=["attributes.run_name ASC"])
        names += [run.info.run_name for run in page]
        token = page.token
        if not token:
            return names


FLOWS = [
    log_everything, nested_runs, failing_run, delete_and_restore, datasets, sklearn_autolog, xgboost_autolog, lightgbm_autolog, registry, search_pages
]  # fmt: skip


def run(flow, url):
    """What `flow` returns when `url` is the tracking server."""
    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    return flow(MlflowClient(url))
