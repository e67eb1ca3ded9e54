"""What of MLflow's GenAI calls works, and that the rest ends at once: no answer that a client repeats, and code that is traced runs on."""

import contextlib
import time

import mlflow
import pytest
from mlflow.exceptions import MlflowException

NO_TRACE = "tr-" + "0" * 32
GENAI = getattr(mlflow, "genai", mlflow)
IS_3 = hasattr(mlflow, "genai")


@pytest.fixture
def client(ours, monkeypatch):
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES")  # as users have it: minutes for a 5xx
    mlflow.set_tracking_uri(ours.url)
    mlflow.set_registry_uri(ours.url)
    mlflow.set_experiment("genai")
    return mlflow.MlflowClient(ours.url, ours.url)


@contextlib.contextmanager
def soon():
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 20


def prompt_call(name):
    return getattr(GENAI, name, None) or getattr(mlflow, name)


def test_traced_code_runs_on(client):
    @mlflow.trace
    def work(x):
        with mlflow.start_span("inner") as span:
            span.set_inputs({"x": x})
            return x + 1

    with soon(), mlflow.start_run() as run:
        assert work(1) == 2
        mlflow.log_metric("m", 1)
        if IS_3:
            mlflow.flush_trace_async_logging()
    assert client.get_run(run.info.run_id).data.metrics == {"m": 1}
    with soon():
        assert mlflow.get_trace(NO_TRACE) is None


def test_what_is_not_kept_says_so(client):
    experiment = mlflow.get_experiment_by_name("genai").experiment_id
    calls = [
        lambda: mlflow.search_traces(experiment_ids=[experiment]),
        lambda: client.search_traces([experiment]),
        lambda: client.set_trace_tag(NO_TRACE, "k", "v"),
        lambda: client.delete_traces(experiment, max_timestamp_millis=1),
    ]
    if IS_3:
        calls += [
            lambda: mlflow.log_feedback(trace_id=NO_TRACE, name="f", value=1),
            lambda: GENAI.list_scorers(),
            lambda: GENAI.datasets.create_dataset(name="d", experiment_id=experiment),
            lambda: GENAI.datasets.search_datasets(experiment_ids=[experiment]),
            lambda: GENAI.evaluate(data=[{"inputs": {"q": "a"}, "outputs": "b"}], scorers=[]),
        ]
    for call in calls:
        with soon(), pytest.raises(MlflowException, match="this server keeps no traces, scorers or evaluation data sets") as caught:
            call()
        assert caught.value.error_code == "ENDPOINT_NOT_FOUND"


def test_prompts(client):
    register, load = prompt_call("register_prompt"), prompt_call("load_prompt")
    assert register(name="greeting", template="Hi {{who}}").version in (1, "1")
    assert register(name="greeting", template="Hello {{who}}").version in (2, "2")
    assert load("prompts:/greeting/1").template == "Hi {{who}}"
    assert load("greeting").format(who="you") == "Hello you"
    prompt_call("set_prompt_alias")("greeting", "live", 1)
    assert load("prompts:/greeting@live").version in (1, "1")
    for missing in ("prompts:/none/1", "prompts:/none@live"):
        with soon(), pytest.raises(MlflowException, match="RESOURCE_DOES_NOT_EXIST|does not exist"):
            load(missing)
    # Prompts are no models.
    client.create_registered_model("model")
    client.create_model_version("model", "s3://bucket/model")
    for found in (client.search_registered_models(), client.search_model_versions()):
        names = {one.name for one in found}
        assert "model" in names and "greeting" not in names
    assert client.search_model_versions(" and ".join(["tag.k = 'v'"] * 64)) == []  # as many as a filter may have
    if IS_3:
        assert {one.name for one in GENAI.search_prompts()} == {"greeting"}
        assert len(client.search_prompt_versions("greeting")) == 2
        assert load("prompts:/greeting@latest").version == 2
