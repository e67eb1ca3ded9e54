"""Small MLflow stores made by the real MLflow, kept for tests of `mlean migrate mlflow`.

    .deps/mlflow3/bin/python tests/golden/migrate/make_stores.py 3.17      # makes 3.17-database.tar.gz and 3.17-folder.tar.gz
    (2.22 likewise; its SQL store needs sqlalchemy < 2.1)

A database is kept as SQL text, and the place where a store was made is "@ROOT@" in it.
"""

import io
import os
import pathlib
import sqlite3
import sys
import tarfile
import tempfile

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param  # noqa: E402

T0 = 1_700_000_000_000


def fill(uri):
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    first = client.create_experiment("first", tags={"team": "données"})
    gone = client.create_experiment("gone")
    run = client.create_run(first, start_time=T0, run_name="a run", tags={"note": "größer 🎈\n\"two\" lines"}).info.run_id
    points = [Metric("loss/train", v, T0 + i, i) for i, v in enumerate([1.5, float("nan"), float("inf"), -2e-300])]
    points += [Metric("loss/train", 7.0, T0, 0), Metric("auc", 0.75, T0, -3)]
    client.log_batch(run, metrics=points, params=[Param("lr", "0.1"), Param("long", "v" * 5000)])
    data = Dataset("table", "d1", "local", '{"uri": "t.csv"}', '{"columns": []}', None)
    client.log_inputs(run, [DatasetInput(data, [InputTag("mlflow.data.context", "train")])])
    client.log_text(run, "kept\n", "notes/ä b.txt")
    client.set_terminated(run, "FINISHED", end_time=T0 + 1000)
    deleted = client.create_run(first, start_time=T0 + 1, run_name="deleted").info.run_id
    client.delete_run(deleted)
    client.create_run(gone, start_time=T0 + 2, run_name="in gone")
    client.delete_experiment(gone)
    client.create_registered_model("churn", tags={"k": "v"}, description="who leaves")
    for i in range(3):
        client.create_model_version("churn", client.get_run(run).info.artifact_uri + "/notes", run, tags={"i": str(i)})
    client.delete_model_version("churn", "3")
    client.transition_model_version_stage("churn", "1", "Production")
    client.set_registered_model_alias("churn", "prod", "2")
    if hasattr(client, "create_logged_model"):
        model = client.create_logged_model(first, name="tree", source_run_id=run, params={"depth": "3"}, tags={"t": "u"})
        client.log_batch(run, metrics=[Metric("auc", 0.8, T0 + 5, 1, model_id=model.model_id)])
        client.finalize_logged_model(model.model_id, "READY")


def keep(name, files):
    with tarfile.open(pathlib.Path(__file__).with_name(f"{name}.tar.gz"), "w:gz") as archive:
        for path, text in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))


def main(version):
    for kind in ("database", "folder"):
        with tempfile.TemporaryDirectory() as temporary:
            root = pathlib.Path(temporary)
            os.chdir(root)
            fill(f"sqlite:///{root}/mlflow.db" if kind == "database" else str(root / "mlruns"))
            files = {}
            for path in root.rglob("*"):
                if path.is_file() and path.suffix != ".db":
                    files[str(path.relative_to(root))] = path.read_bytes().replace(str(root).encode(), b"@ROOT@")
            if kind == "database":
                dump = "\n".join(sqlite3.connect(root / "mlflow.db").iterdump())
                files["mlflow.sql"] = dump.replace(str(root), "@ROOT@").encode()
            keep(f"{version}-{kind}", files)
            os.chdir("/")


if __name__ == "__main__":
    main(sys.argv[1])
