"""Sources of model versions, as a client may name them, and what a server makes of each."""

import requests

PROMPT = [{"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "mlflow.prompt.text", "value": "t"}]
NO_PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "false"}

# {run}, {run2}: ids; {files}: where the run's artifacts are; {logged}, {logged2}: logged models, the first of {run}; {place}: its
# files. `o` is a model with the versions 1 (of {run}, alias `al`) and 2 (of {logged}, in Production), `pr` a prompt.
CASES = [
    {"source": "runs:/{run}/model"},
    {"source": "runs:/{run}/model", "run_id": "{run}"},
    {"source": "runs:/{run}/model", "run_id": "{run2}"},
    {"source": "runs:/{run}/model", "run_id": ""},
    {"source": "runs:/{run}/model", "model_id": "{logged}"},
    {"source": "runs:/{run}/model", "model_id": "{logged}", "run_id": "{run}"},
    {"source": "runs:/nosuch/model", "run_id": "nosuch"},
    {"source": "runs:/{run}", "run_id": "{run}"},
    {"source": "runs:/{run}/", "run_id": "{run}"},
    {"source": "runs:/", "run_id": "{run}"},
    {"source": "runs:{run}/m", "run_id": "{run}"},
    {"source": "runs://host/{run}/m", "run_id": "{run}"},
    {"source": "{files}/model"},
    {"source": "{files}/model", "run_id": "{run}"},
    {"source": "{files}/model", "run_id": "{run2}"},
    {"source": "{files}/model", "run_id": "nosuch"},
    {"source": "{files}/model", "model_id": "{logged}"},
    {"source": "{files}", "run_id": "{run}"},
    {"source": "{files}x", "run_id": "{run}"},
    {"source": "{files}/a%20b", "run_id": "{run}"},
    {"source": "{files}/m?x", "run_id": "{run}"},
    {"source": "{files}/..", "run_id": "{run}"},
    {"source": "{files}/%2e%2e/x", "run_id": "{run}"},
    {"source": "{files}/%252e%252e/x", "run_id": "{run}"},
    {"source": "{files}/./x", "run_id": "{run}"},
    {"source": "{place}"},
    {"source": "{place}", "run_id": "{run}"},
    {"source": "{place}", "model_id": "{logged}"},
    {"source": "{place}", "model_id": "{logged}", "run_id": "{run}"},
    {"source": "{place}", "model_id": "{logged2}"},
    {"source": "mlflow-artifacts:/", "run_id": "{run}"},
    {"source": "mlflow-artifacts://host:1/1/a", "run_id": "{run}"},
    {"source": "http://localhost/api/2.0/mlflow-artifacts/artifacts/x", "run_id": "{run}"},
    {"source": "models:/{logged}"},
    {"source": "models:/{logged}", "run_id": "{run}"},
    {"source": "models:/{logged}", "model_id": "{logged}"},
    {"source": "models:/{logged}", "model_id": "{logged2}"},
    {"source": "models:/{logged}", "model_id": "{logged}", "run_id": "{run2}"},
    {"source": "models:/m-nosuch", "model_id": "m-nosuch"},
    {"source": "models:/"},
    {"source": "models:/o"},
    {"source": "models:/o/1"},
    {"source": "models:/o/01"},
    {"source": "models:/o/9"},
    {"source": "models:/o/1", "run_id": "{run}"},
    {"source": "models:/o/1", "run_id": "{run2}"},
    {"source": "models:/o/1", "run_id": ""},
    {"source": "models:/o/1", "model_id": ""},
    {"source": "models:/o/1", "model_id": "{logged}"},
    {"source": "models:/o/2"},
    {"source": "models:/o/2", "model_id": "{logged}"},
    {"source": "models:/o/2", "model_id": "{logged2}"},
    {"source": "models:/o@al"},
    {"source": "models:/o@nosuch"},
    {"source": "models:/o/Production"},
    {"source": "models:/o/latest"},
    {"source": "models:/m-like/1"},
    {"source": "models:/nosuch/1"},
    {"source": "models:/pr/1"},
    {"source": "models://host/o/1"},
    {"source": "s3://b/x"},
    {"source": "s3://b/x", "run_id": "nosuch"},
    {"source": "s3://b/x", "model_id": "{logged}"},
    {"source": "s3://b/x", "model_id": "m-nosuch"},
    {"source": "s3://b//a//x/"},
    {"source": "s3://b/a b"},
    {"source": "s3://b/a%2e%2e/x"},
    {"source": "s3://b"},
    {"source": "s3://b/"},
    {"source": "s3:/b/../x"},
    {"source": "s3://b/a/../x"},
    {"source": "s3://b/a/./x"},
    {"source": "s3://b/%2e%2e/x"},
    {"source": "s3://b/a%00"},
    {"source": "weird://b/x"},
    {"source": "foo:bar"},
    {"source": "ftp://h/x"},
    {"source": "hdfs://h/x"},
    {"source": "/etc"},
    {"source": "/etc", "run_id": "{run}"},
    {"source": "/etc:x"},
    {"source": "etc"},
    {"source": "file:///etc"},
    {"source": "FILE:///etc"},
    {"source": "file:/etc"},
    {"source": "file:etc"},
    {"source": "file://host/etc"},
    {"source": "c:\\x"},
    {"source": "\\\\srv\\x"},
    {"source": " "},
    {"source": "dummy-source", "tags": PROMPT},
    {"source": "prompt-template", "tags": PROMPT},
    {"source": "/etc", "tags": PROMPT},
    {"source": "s3://b/x", "tags": PROMPT},
    {"source": "dummy-source", "tags": [*PROMPT, NO_PROMPT]},
]


class Sources:
    """What the cases name, made on one server."""

    def __init__(self, url):
        self.url = url
        self.post("experiments/create", name="sources")
        experiment = self.get("experiments/get-by-name", experiment_name="sources")["experiment"]["experiment_id"]
        run, run2 = (self.post("runs/create", experiment_id=experiment)["run"]["info"] for _ in range(2))
        logged = self.post("logged-models", experiment_id=experiment, name="l", source_run_id=run["run_id"])["model"]["info"]
        logged2 = self.post("logged-models", experiment_id=experiment, name="l2")["model"]["info"]
        self.names = {
            "{run}": run["run_id"], "{run2}": run2["run_id"], "{files}": run["artifact_uri"], "{logged}": logged["model_id"],
            "{logged2}": logged2["model_id"], "{place}": logged["artifact_uri"],
        }  # fmt: skip
        for name in ("m", "o", "m-like"):
            self.post("registered-models/create", name=name)
        self.post("registered-models/create", name="pr", tags=PROMPT[:1])
        self.post("model-versions/create", name="pr", source="dummy-source", tags=PROMPT)
        for name in ("o", "m-like"):
            self.post("model-versions/create", name=name, source=f"runs:/{run['run_id']}/m", run_id=run["run_id"])
        self.post("model-versions/create", name="o", source=f"models:/{logged['model_id']}", model_id=logged["model_id"])
        self.post("registered-models/alias", name="o", alias="al", version="1")
        self.post("model-versions/transition-stage", name="o", version="2", stage="Production", archive_existing_versions=False)

    def request(self, method, path, **options):
        return requests.request(method, f"{self.url}/api/2.0/mlflow/{path}", timeout=60, **options)

    def post(self, path, **fields):
        reply = self.request("POST", path, json=fields)
        assert reply.status_code == 200, (path, fields, reply.text)
        return reply.json()

    def get(self, path, **fields):
        return self.request("GET", path, params=fields).json()

    def masked(self, text):
        for name in ("{files}", "{place}", "{run}", "{run2}", "{logged}", "{logged2}"):  # the longer ones first
            text = text.replace(self.names[name], name)
        return text

    def ask(self, case):
        """Status, and of the version what is made of the source, of a refusal its text."""
        filled = dict(case)
        for key in ("source", "run_id", "model_id"):
            for name, value in self.names.items():
                if key in filled:
                    filled[key] = filled[key].replace(name, value)
        reply = self.request("POST", "model-versions/create", json={"name": "m"} | filled)
        answer = reply.json()
        if reply.status_code != 200:
            return reply.status_code, self.masked(answer["message"])
        version = answer["model_version"]
        return 200, {key: self.masked(version.get(key, "")) for key in ("source", "run_id")}
