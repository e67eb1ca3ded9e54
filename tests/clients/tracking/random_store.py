"""A random store made through MLflow's own client, and everything of a store read back through it.

    python random_store.py URI SEED [RUNS]      fills the store at URI (sqlite:///…, a folder, http://…)

What `read` gives is plain data, so that two stores are compared with ==.
"""

import json
import math
import os
import pathlib
import random
import sys
import tempfile

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType  # noqa: E402
from mlflow.tracking._tracking_service import utils  # noqa: E402

try:
    from mlflow.entities import LoggedModelInput, LoggedModelOutput
except ImportError:  # 2.x
    LoggedModelOutput = None

WORDS = ["lr", "depth", "naïve", "große Zahl", "模型", "loss/train", "val.auc", "a:b c", "a-b_c", "x" * 200]
T0 = 1_700_000_000_000


def client_of(uri):
    getattr(utils, "_artifact_repos_cache", {}).clear()  # a 2.x client remembers by the run's id who had its files
    if uri.startswith("http"):
        mlflow.set_tracking_uri(uri)  # and asks the default server for them
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def text(rng, size):
    return "".join(rng.choice("abc déf漢字🎈\n\t\"'\\ {}:#%") for _ in range(size))


def value(rng):
    return rng.choice([0.0, -0.0, 1.5, math.nan, math.inf, -math.inf, 1e-308, rng.random(), rng.gauss(0, 1e9)])


def key(rng):
    return rng.choice(WORDS) if rng.random() < 0.5 else f"k{rng.randrange(20)}"


def add_run(client, rng, experiment):
    run = client.create_run(
        experiment, start_time=T0 + rng.randrange(10**9), run_name=rng.choice([None, "run ü", text(rng, 20).strip() or "r"]),
        tags={"mlflow.user": "ann", "note": text(rng, rng.choice([0, 10, 7900]))},
    )  # fmt: skip
    run_id = run.info.run_id
    points = {}
    for name in {key(rng) for _ in range(rng.randrange(6))}:
        for i in range(rng.choice([1, 3, 40])):
            step = rng.choice([i, 0, -5, 10**12])
            points[(name, step, T0 + i // 2, repr(value(rng)))] = None
    metrics = [Metric(name, float(v), time, step) for name, step, time, v in points]
    params = [Param(name, text(rng, rng.choice([1, 30, 5900])) or "v") for name in {key(rng) for _ in range(rng.randrange(8))}]
    tags = [RunTag(name, text(rng, rng.randrange(40))) for name in {key(rng) for _ in range(rng.randrange(4))}]
    for start in range(0, len(metrics), 500):
        client.log_batch(run_id, metrics=metrics[start : start + 500])
    client.log_batch(run_id, params=params, tags=tags)
    for i in range(rng.randrange(3)):
        dataset = Dataset(name=f"data {i}", digest=f"d{rng.randrange(3)}", source_type="local", source=json.dumps({"uri": text(rng, 9)}),
                          schema="{}" if i else None, profile=None)  # fmt: skip
        client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "train"), InputTag("owner", "né")])])
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in rng.sample(["a.txt", "plots/p 1.png", "deep/er/é.json", "empty"], rng.randrange(4)):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(b"" if name == "empty" else rng.randbytes(rng.choice([10, 300_000])))
        client.log_artifacts(run_id, folder)
    if rng.random() < 0.8:
        client.set_terminated(run_id, rng.choice(["FINISHED", "FAILED", "KILLED"]), end_time=T0 + 10**9 + rng.randrange(1000))
    return run_id


def add_logged_model(client, rng, experiment, run_id):
    model = client.create_logged_model(
        experiment, name=f"model-{rng.randrange(5)}", source_run_id=run_id, model_type="classifier",
        tags={"t ü": text(rng, 30)}, params={"depth": "3", "long": "v" * 900},
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "MLmodel").write_text(f"model_id: {model.model_id}\n")
        client.log_model_artifacts(model.model_id, folder)
    client.finalize_logged_model(model.model_id, "READY")
    client.log_batch(run_id, metrics=[Metric("auc of model", rng.random(), T0, 3, model_id=model.model_id)])
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 2)])
    return model.model_id


def add_registered(client, rng, name, runs):
    client.create_registered_model(name, tags={"team": "données", "long": "x" * 3000}, description=text(rng, 200))
    for i in range(rng.randrange(1, 5)):
        run_id = rng.choice(runs)
        source = client.get_run(run_id).info.artifact_uri + "/model"
        client.create_model_version(name, source, run_id, tags={"i": str(i)}, description=text(rng, 20))
    last = client.search_model_versions(f"name='{name}'")[0].version
    client.set_registered_model_alias(name, "prod", last)
    client.transition_model_version_stage(name, "1", "Staging")
    client.set_model_version_tag(name, last, "ok", "ja")
    if int(last) > 2:
        client.delete_model_version(name, "2")


def add_prompt(client):
    """Registered models that searches leave out, versions and all."""
    for number, template in enumerate(["Hello {{name}}", "Guten Tag {{name}}\n✓"]):
        client.register_prompt("greeting", template, commit_message=f"change {number}", tags={"team": "données"})
    client.set_prompt_alias("greeting", "prod", 1)


def fill(uri, seed, runs=12):
    rng = random.Random(seed)
    client = client_of(uri)
    experiments = ["0"] + [client.create_experiment(f"exp {i} ü{seed}", tags={"team": text(rng, 50), "n": str(i)}) for i in range(3)]
    made = []
    for _ in range(runs):
        experiment = rng.choice(experiments)
        made.append((experiment, add_run(client, rng, experiment)))
    if LoggedModelOutput is not None:
        for experiment, run_id in made[:3]:
            model_id = add_logged_model(client, rng, experiment, run_id)
            client.log_inputs(made[-1][1], models=[LoggedModelInput(model_id)])
    for i in range(2):
        add_registered(client, rng, f"modèle {i}-{seed}", [run_id for _, run_id in made])
    add_prompt(client)
    client.delete_run(made[0][1])
    client.delete_experiment(experiments[-1])


def all_pages(search, **options):
    out, token = [], None
    while True:
        page = search(page_token=token, **options)
        out += page
        token = page.token
        if not token:
            return out


def pairs(tags):
    return sorted((tags or {}).items())


def number(value):
    """The SQL stores of MLflow keep an infinity as the largest double."""
    return repr(math.copysign(1.7976931348623157e308, value) if math.isinf(value) else value + 0.0)


def point(metric):
    return metric.step, metric.timestamp, number(metric.value)


def files(client, run_id, path=None):
    out = []
    for entry in client.list_artifacts(run_id, path):
        out += files(client, run_id, entry.path) if entry.is_dir else [(entry.path, entry.file_size or 0)]
    return sorted(out)


def read_run(client, run, artifacts):
    info, data = run.info, run.data
    history = {name: sorted({point(m) for m in client.get_metric_history(info.run_id, name)}) for name in data.metrics}
    # Of points of one instant MLflow's stores disagree which is the latest, and the file store cannot order NaN.
    tied = {name for name, points in history.items() if len({p[:2] for p in points}) < len(points)}
    return {
        "info": (info.run_name, info.status, info.start_time, info.end_time, info.lifecycle_stage, info.user_id),
        "latest": sorted((name, number(v)) for name, v in data.metrics.items() if name not in tied),
        "history": history,
        "params": pairs(data.params),
        "tags": pairs(data.tags),
        "datasets": sorted(
            (i.dataset.name, i.dataset.digest, i.dataset.source_type, i.dataset.source, i.dataset.schema, i.dataset.profile,
             sorted((t.key, t.value) for t in i.tags))
            for i in run.inputs.dataset_inputs
        ),
        "model_inputs": sorted(i.model_id for i in getattr(run.inputs, "model_inputs", None) or []),
        "model_outputs": sorted((o.model_id, o.step) for o in (run.outputs.model_outputs if getattr(run, "outputs", None) else [])),
        "files": files(client, info.run_id) if artifacts else None,
    }  # fmt: skip


def read_logged(model):
    return {
        "info": (model.name, str(model.status), model.model_type, model.source_run_id, model.creation_timestamp, model.last_updated_timestamp),
        "params": pairs(model.params),
        "tags": pairs(model.tags),
        "metrics": sorted((m.key, m.step, m.timestamp, number(m.value), m.run_id, m.dataset_name or None) for m in model.metrics or []),
    }  # fmt: skip


def tail(source):
    """A version's source without the root that differs between stores."""
    return source.split("/", 1)[-1].rsplit("/artifacts/", 1)[-1] if "/artifacts/" in source else source


def read_registry(client):
    out = {}
    for model in all_pages(client.search_registered_models, max_results=100):
        aliases = sorted((a, int(v)) for a, v in (model.aliases or {}).items())
        out[model.name] = {
            "info": (model.description or "", model.creation_timestamp, model.last_updated_timestamp, pairs(model.tags), aliases),
            "versions": sorted(
                (int(v.version), v.description or "", v.current_stage, v.run_id, v.status, v.creation_timestamp,
                 v.last_updated_timestamp, pairs(v.tags), tail(v.source))
                for v in all_pages(client.search_model_versions, filter_string=f"name='{model.name}'", max_results=100)
            ),
        }  # fmt: skip
    return out


def read_prompt(client):
    found = [client.load_prompt(uri) for uri in ("prompts:/greeting/1", "prompts:/greeting/2", "prompts:/greeting@prod")]
    return [(int(prompt.version), prompt.template, prompt.commit_message, pairs(prompt.tags)) for prompt in found]


def read(uri):
    client = client_of(uri)
    experiments = {}
    for experiment in all_pages(client.search_experiments, view_type=ViewType.ALL, max_results=100):
        found = all_pages(client.search_runs, experiment_ids=[experiment.experiment_id], run_view_type=ViewType.ALL, max_results=100)
        runs = [client.get_run(run.info.run_id) for run in found]  # a search leaves model inputs out
        one = {
            "id": experiment.experiment_id,
            "stage": experiment.lifecycle_stage,
            "tags": pairs(experiment.tags),
            # MLflow's file store does not find the files of a deleted experiment.
            "runs": {run.info.run_id: read_run(client, run, experiment.lifecycle_stage == "active") for run in runs},
        }
        if LoggedModelOutput is not None:
            models = all_pages(client.search_logged_models, experiment_ids=[experiment.experiment_id])
            one["models"] = {model.model_id: read_logged(model) for model in models}
        experiments[experiment.name] = one
    return {"experiments": experiments, "registry": read_registry(client), "prompt": read_prompt(client)}


def differences(a, b, path=""):
    """Where two stores that `read` gave differ, one line each."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [line for key in sorted(set(a) | set(b)) for line in differences(a.get(key), b.get(key), f"{path}/{key}")]
    if isinstance(a, list) and isinstance(b, list) and a != b:
        return [f"{path}: only the first has {[x for x in a if x not in b]}, only the second {[x for x in b if x not in a]}"[:600]]
    return [] if a == b else [f"{path}: {a} != {b}"[:600]]


if __name__ == "__main__":
    fill(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 12)
