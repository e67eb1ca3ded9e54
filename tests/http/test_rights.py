"""Every route of the server, as its own OpenAPI document lists them, against every level that a user can have.

A route that is not in NEEDS fails here: whoever adds one says what it asks of its caller, and how to call it.
"""

import itertools
import socket

import pytest
from access import As, Users

LEVELS = ["NO_PERMISSIONS", "READ", "EDIT", "MANAGE"]
OPEN = {"GET /health", "GET /ready", "GET /version", "GET /v2/health/live", "GET /v2/health/ready", "GET /api/2.0/mlflow/server-info"}
# For whoever has the secret in their address, which those who may are given.
BY_SECRET = {"PUT /api/2.0/mlflow-artifacts/mpu/part/{id}/{number}", "GET /api/2.0/mlflow-artifacts/signed/{path}"}
RUN = {"run_id": "{run}"}
MODEL = {"name": "{model}"}
VERSION = {"name": "{model}", "version": "1"}
EXPERIMENT = {"experiment_id": "{experiment}"}
LOGGED = {"model_id": "{logged}"}
USER = {"username": "someone"}
PROXY = "/mlflow-artifacts/artifacts/{experiment}/f"

# Route (MLflow's without /api/2.0/mlflow) → what it takes: a level on the experiment or model that the request names; USER: being
# one; WRITER: being one without a read-only token; ADMIN. Then what to send.
NEEDS = {
    "POST experiments/create": ("WRITER", {"name": "made by {who}"}),
    "GET experiments/get": ("READ", EXPERIMENT),
    "GET experiments/get-by-name": ("READ", {"experiment_name": "{experiment_name}"}),
    "GET experiments/search": ("USER", {"max_results": 5}),
    "POST experiments/search": ("USER", {"max_results": 5}),
    "POST experiments/update": ("EDIT", EXPERIMENT | {"new_name": "{experiment_name} {who}"}),
    "POST experiments/delete": ("MANAGE", EXPERIMENT),
    "POST experiments/restore": ("MANAGE", EXPERIMENT),
    "POST experiments/set-experiment-tag": ("EDIT", EXPERIMENT | {"key": "k", "value": "v"}),
    "POST experiments/delete-experiment-tag": ("EDIT", EXPERIMENT | {"key": "k"}),
    "POST experiments/search-datasets": ("USER", {"experiment_ids": ["{experiment}"]}),
    "POST runs/create": ("EDIT", EXPERIMENT),
    "POST runs/update": ("EDIT", RUN | {"status": "FINISHED"}),
    "GET runs/get": ("READ", RUN),
    "POST runs/search": ("USER", {"experiment_ids": ["{experiment}"]}),
    "POST runs/delete": ("MANAGE", RUN),
    "POST runs/restore": ("MANAGE", RUN),
    "POST runs/log-metric": ("EDIT", RUN | {"key": "k", "value": 1, "timestamp": 1}),
    "POST runs/log-parameter": ("EDIT", RUN | {"key": "k", "value": "v"}),
    "POST runs/set-tag": ("EDIT", RUN | {"key": "k", "value": "v"}),
    "POST runs/delete-tag": ("EDIT", RUN | {"key": "k"}),
    "POST runs/log-batch": ("EDIT", RUN | {"params": [{"key": "b", "value": "v"}]}),
    "POST runs/log-model": ("EDIT", RUN | {"model_json": "{}"}),
    "POST runs/log-inputs": ("EDIT", RUN),
    "POST runs/outputs": ("EDIT", RUN | {"models": [{"model_id": "{logged}"}]}),
    "GET metrics/get-history": ("READ", RUN | {"metric_key": "m"}),
    "GET metrics/get-history-bulk": ("READ", RUN | {"metric_key": "m"}),
    "GET metrics/get-history-bulk-interval": ("READ", {"run_ids": "{run}", "metric_key": "m"}),
    "GET artifacts/list": ("READ", RUN),
    "GET get-artifact": ("READ", RUN | {"path": "f"}),
    "GET /get-artifact": ("READ", RUN | {"path": "f"}),
    "POST upload-artifact": ("EDIT", "?run_uuid={run}&path=f"),
    "GET model-versions/get-artifact": ("READ", VERSION | {"path": "f"}),
    "GET /model-versions/get-artifact": ("READ", VERSION | {"path": "f"}),
    "GET /mlflow-artifacts/artifacts/{path}": ("READ", {}),
    "PUT /mlflow-artifacts/artifacts/{path}": ("EDIT", {}),
    "DELETE /mlflow-artifacts/artifacts/{path}": ("MANAGE", {}),
    "POST /mlflow-artifacts/mpu/create/{folder}": ("EDIT", {}),
    "POST /mlflow-artifacts/mpu/complete/{folder}": ("EDIT", {}),
    "POST /mlflow-artifacts/mpu/abort/{folder}": ("EDIT", {}),
    "GET /mlflow-artifacts/presigned/{path}": ("READ", {}),
    "POST logged-models": ("EDIT", EXPERIMENT | {"name": "n"}),
    "POST logged-models/search": ("USER", {"experiment_ids": ["{experiment}"]}),
    "GET logged-models/{model_id}": ("READ", {}),
    "PATCH logged-models/{model_id}": ("EDIT", {"status": "LOGGED_MODEL_READY"}),
    "DELETE logged-models/{model_id}": ("MANAGE", {}),
    "POST logged-models/{model_id}/params": ("EDIT", {"params": []}),
    "PATCH logged-models/{model_id}/tags": ("EDIT", {"tags": []}),
    "DELETE logged-models/{model_id}/tags/{tag_key}": ("EDIT", {}),
    "GET logged-models/{model_id}/artifacts/directories": ("READ", {}),
    "GET logged-models/{model_id}/artifacts/files": ("READ", {"artifact_file_path": "f"}),
    "POST registered-models/create": ("WRITER", {"name": "{model} by {who}"}),
    "GET registered-models/get": ("READ", MODEL),
    "POST registered-models/rename": ("EDIT", MODEL | {"new_name": "{model}"}),
    "PATCH registered-models/update": ("EDIT", MODEL | {"description": "d"}),
    "POST registered-models/update": ("EDIT", MODEL | {"description": "d"}),
    "DELETE registered-models/delete": ("MANAGE", MODEL),
    "GET registered-models/search": ("USER", {}),
    "POST registered-models/search": ("USER", {}),
    "GET registered-models/get-latest-versions": ("READ", MODEL),
    "POST registered-models/get-latest-versions": ("READ", MODEL),
    "POST registered-models/set-tag": ("EDIT", MODEL | {"key": "k", "value": "v"}),
    "DELETE registered-models/delete-tag": ("EDIT", MODEL | {"key": "k"}),
    "POST registered-models/alias": ("EDIT", VERSION | {"alias": "a"}),
    "DELETE registered-models/alias": ("MANAGE", MODEL | {"alias": "a"}),
    "GET registered-models/alias": ("READ", MODEL | {"alias": "stable"}),
    "POST model-versions/create": ("EDIT", MODEL | {"source": "s3://bucket/x"}),
    "GET model-versions/get": ("READ", VERSION),
    "GET model-versions/get-download-uri": ("READ", VERSION),
    "PATCH model-versions/update": ("EDIT", VERSION | {"description": "d"}),
    "POST model-versions/update": ("EDIT", VERSION | {"description": "d"}),
    "POST model-versions/transition-stage": ("EDIT", VERSION | {"stage": "Staging"}),
    "GET model-versions/search": ("USER", {}),
    "POST model-versions/search": ("USER", {}),
    "DELETE model-versions/delete": ("MANAGE", VERSION),
    "POST model-versions/set-tag": ("EDIT", VERSION | {"key": "k", "value": "v"}),
    "DELETE model-versions/delete-tag": ("MANAGE", VERSION | {"key": "k"}),
    "POST webhooks": ("ADMIN", {"name": "w", "url": "https://127.0.0.1/", "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]}),
    "GET webhooks": ("ADMIN", {}),
    "GET webhooks/{webhook_id}": ("ADMIN", {}),
    "PATCH webhooks/{webhook_id}": ("ADMIN", {}),
    "DELETE webhooks/{webhook_id}": ("ADMIN", {}),
    "POST webhooks/{webhook_id}/test": ("ADMIN", {}),
    "POST users/create": ("ADMIN", {"username": "u", "password": "short"}),
    "GET users/get": ("SELF", USER),
    "GET users/current": ("USER", {}),
    "GET users/list": ("ADMIN", {}),
    "PATCH users/update-password": ("SELF", USER | {"password": "short"}),
    "PATCH users/update-admin": ("ADMIN", USER | {"is_admin": False}),
    "DELETE users/delete": ("ADMIN", {"username": "not there"}),
    "POST experiments/permissions/create": ("MANAGE", EXPERIMENT | USER | {"permission": "READ"}),
    "GET experiments/permissions/get": ("MANAGE", EXPERIMENT | USER),
    "PATCH experiments/permissions/update": ("MANAGE", EXPERIMENT | USER | {"permission": "READ"}),
    "DELETE experiments/permissions/delete": ("MANAGE", EXPERIMENT | USER),
    "POST registered-models/permissions/create": ("MANAGE", MODEL | USER | {"permission": "READ"}),
    "GET registered-models/permissions/get": ("MANAGE", MODEL | USER),
    "PATCH registered-models/permissions/update": ("MANAGE", MODEL | USER | {"permission": "READ"}),
    "DELETE registered-models/permissions/delete": ("MANAGE", MODEL | USER),
    "POST users/permissions/grant": ("MANAGE", USER | {"resource_type": "experiment", "resource_id": "{experiment}", "permission": "READ"}),
    "POST users/permissions/revoke": ("MANAGE", USER | {"resource_type": "registered_model", "resource_id": "{model}"}),
    "GET users/permissions/get": ("MANAGE", USER | {"resource_type": "registered_model", "resource_id": "{model}"}),
    # our own
    "GET /": ("USER", {}),
    "GET /tracking": ("USER", {}),
    "GET /metrics": ("USER", {}),
    "GET /openapi.json": ("USER", {}),
    "GET /api/mlean/v1/openapi.json": ("USER", {}),
    "POST /predict/{model}": ("USER", {}),
    "POST /predict/{model}/versions/{version}": ("USER", {}),
    "GET /v2": ("USER", {}),
    "GET /v2/models/{model}": ("USER", {}),
    "GET /v2/models/{model}/ready": ("USER", {}),
    "POST /v2/models/{model}/infer": ("USER", {}),
    "GET /v2/models/{model}/versions/{version}": ("USER", {}),
    "GET /v2/models/{model}/versions/{version}/ready": ("USER", {}),
    "POST /v2/models/{model}/versions/{version}/infer": ("USER", {}),
    "POST /v2/repository/index": ("USER", {}),
    "GET /api/mlean/v1/turns": ("USER", {}),
    "POST /api/mlean/v1/turns": ("EDIT", {"model": "{model}"}),
    "GET /api/mlean/v1/turns/{id}": ("USER", {}),  # none is there; by the model of one that is
    "GET /api/mlean/v1/rollouts": ("USER", {}),
    "POST /api/mlean/v1/rollouts/{id}/abort": ("WRITER", {}),
    "GET /api/mlean/v1/models": ("USER", {}),
    "GET /api/mlean/v1/models/{model}/versions": ("READ", {}),
    "GET /api/mlean/v1/models/{model}/windows": ("READ", {}),
    "GET /api/mlean/v1/models/{model}/observe": ("READ", {}),
    "POST /api/mlean/v1/models/{model}/labels": ("EDIT", {}),
    "POST /api/mlean/v1/runs/gc": ("ADMIN", {"older_than": "30d", "dry_run": True}),
    "GET /api/mlean/v1/lineage/runs/{run}": ("READ", {}),
    "GET /api/mlean/v1/lineage/models/{model}/versions/{version}": ("READ", {}),
    "GET /api/mlean/v1/lineage/data/{digest}": ("USER", {}),
    "GET /api/mlean/v1/audit": ("ADMIN", {}),
    "GET /api/mlean/v1/audit/verify": ("USER", {}),
    "GET /api/mlean/v1/alerts": ("USER", {}),
    "POST /api/mlean/v1/tick": ("ADMIN", {}),
    "POST /api/mlean/v1/sync": ("ADMIN", {}),
}  # fmt: skip
PREFIXES = ["/api/2.0", "/ajax-api/2.0", "/api/3.0", "/ajax-api/3.0"]
# Changes nothing though it is a POST.
READING_POSTS = {"POST experiments/search", "POST experiments/search-datasets", "POST runs/search", "POST logged-models/search",
                 "POST registered-models/search", "POST registered-models/get-latest-versions", "POST model-versions/search"}  # fmt: skip


def short(route):
    """The name of a route in NEEDS, and its prefix."""
    method, path = route.split(" ", 1)
    for prefix in PREFIXES:
        if path.startswith(prefix + "/mlflow/"):
            return f"{method} {path.removeprefix(prefix + '/mlflow/')}", prefix
        if path.startswith(prefix + "/mlflow-artifacts/"):
            return f"{method} {path.removeprefix(prefix)}", prefix
    return route, ""


class World:
    """A server with users of each level, and objects to be fetched, changed and deleted."""

    def __init__(self, live, users):
        self.live, self.url, self.users = live, live.url, users
        users.add("someone")
        self.admin = As(self.url, users.token("root"))
        self.reader = As(self.url, users.token("root", "--read-only"))
        self.by_level = {}
        for level in LEVELS:
            users.add(level.lower())
            self.by_level[level] = As(self.url, users.token(level.lower()))
        self.numbers = itertools.count()

    def objects(self):
        """A fresh experiment with a run and a logged model, and a fresh model with a version; each user has his level on both."""
        n = next(self.numbers)
        ml = self.admin.ml
        names = {"experiment_name": f"e{n}", "model": f"m{n}", "who": "nobody"}
        names["experiment"] = ml("POST", "experiments/create", name=names["experiment_name"])["experiment_id"]
        names["run"] = ml("POST", "runs/create", experiment_id=names["experiment"])["run"]["info"]["run_id"]
        names["logged"] = ml("POST", "logged-models", experiment_id=names["experiment"], name="n")["model"]["info"]["model_id"]
        ml("POST", "registered-models/create", name=names["model"])
        ml("POST", "model-versions/create", name=names["model"], source="s3://bucket/x")
        ml("POST", "registered-models/alias", name=names["model"], alias="stable", version="1")
        for level in LEVELS:
            user = {"username": level.lower(), "permission": level}
            ml("POST", "experiments/permissions/create", experiment_id=names["experiment"], **user)
            ml("POST", "registered-models/permissions/create", name=names["model"], **user)
        return names

    def call(self, session, route, names, who):
        name, prefix = short(route)
        method, path = route.split(" ", 1)
        names = names | {"who": who}
        need, given = NEEDS[name]
        path = path.replace("{path}", "{experiment}/f").replace("{folder}", "{experiment}/d").replace("{model_id}", "{logged}").replace("{tag_key}", "k")
        path = path.replace("{webhook_id}", "none").replace("{version}", "1").replace("{digest}", "0" * 32).replace("{id}", "none").format(**names)
        if isinstance(given, str):
            return session.request(method, path + given.format(**names), data=b"x")
        if "mlflow-artifacts" in path and method == "PUT":
            return session.request(method, path, data=b"x")
        filled = self.fill(given, names)
        return session.request(method, path, **({"params": filled} if method == "GET" else {"json": filled}))

    def fill(self, given, names):
        if isinstance(given, dict):
            return {key: self.fill(value, names) for key, value in given.items()}
        if isinstance(given, list):
            return [self.fill(value, names) for value in given]
        return given.format(**names) if isinstance(given, str) and given != "{}" else given


@pytest.fixture(scope="module")
def world(mlean, tmp_path_factory):
    from conftest import start_server, user_env

    env = user_env(mlean, tmp_path_factory.mktemp("home"))
    users = Users(mlean, env, tmp_path_factory.mktemp("root"))
    users.add("root", "--admin")
    with start_server(mlean, env, tmp_path_factory.mktemp("server") / "stderr", users.root, "--auth") as live:
        yield World(live, users)


@pytest.fixture(scope="module")
def routes(world):
    document = world.admin.get("/openapi.json").json()
    listed = [f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods]
    return [*listed, "GET /openapi.json", "GET /api/mlean/v1/openapi.json"]  # the document does not list itself


def is_one_of(route, some):
    return bool({route, route.replace(short(route)[1], "/api/2.0", 1)} & some)


def named(routes):
    """One route of each name, and all of its kind."""
    out = {}
    for route in routes:
        if not is_one_of(route, OPEN | BY_SECRET):
            out.setdefault(short(route)[0], []).append(route)
    return out


def test_every_route_says_what_it_takes_and_no_more_are_listed(routes):
    assert len(routes) > 250
    assert set(named(routes)) == set(NEEDS)


def test_nobody_gets_past_the_gate(world, routes):
    names = {"experiment": "0", "model": "m", "logged": "m-0", "run": "0", "experiment_name": "Default"}
    nobody = As(world.url)
    for route in itertools.chain(*named(routes).values()):
        reply = world.call(nobody, route, names, "nobody")
        assert reply.status_code == 401 and "WWW-Authenticate" in reply.headers, (route, reply.status_code)
    for route in routes:
        if is_one_of(route, OPEN):
            assert nobody.request(*route.split(" ", 1)).status_code in (200, 503), route
        if is_one_of(route, BY_SECRET):
            path = route.split(" ")[1].replace("{id}", "0" * 32).replace("{number}", "1").replace("{path}", "0/f")
            assert nobody.request(route.split(" ")[0], path, data=b"x").status_code in (403, 404), route


BODIES = ["PUT /api/2.0/mlflow-artifacts/artifacts/{experiment}/f", "POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=f",
          "POST /api/2.0/mlflow-artifacts/mpu/create/{experiment}", "POST /api/2.0/mlflow-artifacts/mpu/complete/{experiment}",
          "POST /api/2.0/mlflow-artifacts/mpu/abort/{experiment}", "POST /api/mlean/v1/models/{model}/labels"]  # fmt: skip


def head_alone(world, who, line, names, *more, seconds=10):
    """The status of a request whose body is promised and not sent; None when the server waits for the body that long."""
    method, path = line.format(**names).split(" ")
    headers = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *more]
    headers += [f"Authorization: {who.headers['Authorization']}"] if "Authorization" in who.headers else []
    with socket.create_connection(world.url.removeprefix("http://").split(":"), timeout=10) as link:
        link.sendall("\r\n".join([*headers, "", ""]).encode())
        link.settimeout(seconds)
        try:
            return int(link.recv(1000).split(b" ")[1])
        except TimeoutError:
            return None


@pytest.mark.parametrize("line", BODIES)
def test_a_body_that_its_sender_may_not_send_is_not_taken(world, line):
    names = world.objects()
    for size in ("Content-Length: 1000000", "Transfer-Encoding: chunked"):
        for more in ([size], [size, "Expect: 100-continue"]):
            assert head_alone(world, As(world.url), line, names, *more) == 401
            assert head_alone(world, world.by_level["READ"], line, names, *more) == 403
        assert head_alone(world, world.by_level["EDIT"], line, names, size, "Expect: 100-continue") == 100
        assert head_alone(world, world.by_level["EDIT"], line, names, size, seconds=0.2) is None


def test_every_level_on_every_route(world, routes):
    wrong = []
    for name, all_of_it in named(routes).items():
        need = NEEDS[name][0]
        names = world.objects()
        for level in LEVELS:
            session = world.by_level[level]
            may = need in ("USER", "WRITER") or (need in LEVELS and LEVELS.index(level) >= LEVELS.index(need))
            for route in all_of_it if not may else all_of_it[:1]:
                status = world.call(session, route, names, level).status_code
                unserved = status == 503 and name.startswith(("POST /predict", "POST /v2/", "GET /v2/"))  # the model has no champion
                if (status == 403) == may or status in (401, 500, 502, 503) and not unserved:
                    wrong.append((route, need, level, status))
        if need in ("ADMIN", "SELF"):
            status = world.call(world.admin, all_of_it[0], names, "root").status_code
            if status in (401, 403):
                wrong.append((all_of_it[0], need, "administrator", status))
    assert wrong == []


def test_a_read_only_token_of_an_administrator_reads_everything_and_changes_nothing(world, routes):
    wrong = []
    for name, all_of_it in named(routes).items():
        names = world.objects()
        reads = name.startswith("GET ") or name in READING_POSTS or name.startswith(("POST /predict", "POST /v2/"))
        grants = "permissions/" in name or name == "GET users/permissions/get"  # to see them takes MANAGE
        for route in all_of_it[:1]:
            status = world.call(world.reader, route, names, "reader").status_code
            if not grants and (status == 403) == reads or status == 401:
                wrong.append((route, status))
    assert wrong == []


def test_lineage_leaves_out_what_its_reader_may_not_see(world):
    ml, digest = world.admin.ml, "feedc0de" * 4
    world.users.add("mixed")
    mixed = As(world.url, world.users.token("mixed"))
    made = []
    for _ in range(2):  # of the first he may not read the experiment, of the second not the model
        names = world.objects()
        data = [{"dataset": {"name": "d", "digest": digest, "source_type": "local", "source": "d"}}]
        ml("POST", "runs/log-inputs", run_id=names["run"], datasets=data)
        ml("POST", "model-versions/create", name=names["model"], source=f"runs:/{names['run']}/m", run_id=names["run"])
        made.append(names)
    hidden, shown = made
    ml("POST", "experiments/permissions/create", experiment_id=hidden["experiment"], username="mixed", permission="NO_PERMISSIONS")
    ml("POST", "registered-models/permissions/create", name=shown["model"], username="mixed", permission="NO_PERMISSIONS")

    def runs(who):
        found = who.get(f"/api/mlean/v1/lineage/data/{digest}").json()["runs"]
        return {one["run_id"]: [version["model"] for version in one["versions"]] for one in found}

    assert runs(world.admin) == {one["run"]: [one["model"]] for one in made}
    assert runs(mixed) == {shown["run"]: []}
    of_run, of_version = "/api/mlean/v1/lineage/runs/{run}", "/api/mlean/v1/lineage/models/{model}/versions/2"
    assert mixed.get(of_run.format(**hidden)).status_code == 403
    assert mixed.get(of_run.format(**shown)).json()["versions"] == []
    assert mixed.get(of_version.format(**hidden)).json()["run"] == {"run_id": hidden["run"]}
    assert mixed.get(of_version.format(**shown)).status_code == 403
    assert len(world.admin.get(of_version.format(**shown)).json()["run"]["data"]) == 1
