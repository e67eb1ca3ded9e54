"""MLflow's own client against a server that asks who calls, over https with an authority of one's own."""

import os
import sys
import time

import mlflow
import pytest
import sqlalchemy.pool
from conftest import start_server, user_env
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

HTTP_TESTS = os.path.join(os.path.dirname(__file__), "../../http")
sys.path.insert(0, HTTP_TESTS)
from access import PASSWORD, Users, make_certificate  # noqa: E402

# The client's module draws in the real server's, whose 2.x looks for a class that newer SQLAlchemy has no more; it is not used.
if not hasattr(sqlalchemy.pool, "FallbackAsyncAdaptedQueuePool"):
    sqlalchemy.pool.FallbackAsyncAdaptedQueuePool = object
from mlflow.server.auth import client as auth_client  # noqa: E402

from .conftest import start_real  # noqa: E402
from .pair import Side, answer  # noqa: E402

NEWER = hasattr(auth_client.AuthServiceClient, "grant_user_permission")


@pytest.fixture(scope="module")
def guarded(mlean, tmp_path_factory):
    env = user_env(mlean, tmp_path_factory.mktemp("home"))
    authority, certificate, key = make_certificate(tmp_path_factory.mktemp("tls"))
    users = Users(mlean, env, tmp_path_factory.mktemp("root"))
    users.add("ann", "--admin")
    users.add("bob")
    options = ["--auth", "--tls-cert", certificate, "--tls-key", key]
    with start_server(mlean, env, tmp_path_factory.mktemp("server") / "stderr", users.root, *options) as live:
        assert live.url.startswith("https://")
        live.users, live.authority = users, authority
        yield live


@pytest.fixture
def come(guarded, monkeypatch):
    """come("ann"), come(token=…): from now on the client is this one."""

    def be(name=None, password=PASSWORD, token=None):
        for variable in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"):
            monkeypatch.delenv(variable, raising=False)
        if name:
            monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
            monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
        if token:
            monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token)
        mlflow.set_tracking_uri(guarded.url)
        mlflow.set_registry_uri(guarded.url)
        return MlflowClient(guarded.url, guarded.url)

    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(guarded.authority))
    return be


def denied(what, *args, **options):
    with pytest.raises(MlflowException) as caught:
        what(*args, **options)
    return caught.value


def test_an_unknown_authority_is_not_trusted(guarded, come, monkeypatch):
    client = come("ann")
    monkeypatch.delenv("MLFLOW_TRACKING_SERVER_CERT_PATH")
    assert "CERTIFICATE_VERIFY_FAILED" in str(denied(client.search_experiments))


def test_a_wrong_password_is_told_at_once(guarded, come):
    client = come("ann", "not the password")
    begin = time.monotonic()
    error = denied(client.search_experiments)
    assert time.monotonic() - begin < 5
    assert "401" in str(error) and "You are not authenticated" in str(error)


def test_a_whole_flow_by_password_and_by_token(guarded, come, tmp_path):
    (tmp_path / "f.bin").write_bytes(os.urandom(700_000))
    for name, who in [("by password", {"name": "bob"}), ("by token", {"token": guarded.users.token("bob")})]:
        client = come(**who)
        mlflow.set_experiment(name)
        with mlflow.start_run() as run:
            mlflow.log_param("depth", 3)
            mlflow.log_metrics({"auc": 0.8, "loss": 0.1})
            mlflow.log_artifact(str(tmp_path / "f.bin"), "files")
        run_id = run.info.run_id
        assert client.get_run(run_id).data.metrics["auc"] == 0.8
        got = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="files/f.bin", dst_path=str(tmp_path / name))
        assert open(got, "rb").read() == (tmp_path / "f.bin").read_bytes()
        client.create_registered_model(name)
        client.create_model_version(name, f"runs:/{run_id}/files", run_id)
        client.set_registered_model_alias(name, "best", "1")
        assert client.get_model_version_by_alias(name, "best").run_id == run_id
        client.delete_registered_model(name)  # he made it, so he may
        client.delete_run(run_id)
        client.delete_experiment(run.info.experiment_id)


def test_a_read_only_token(guarded, come):
    client = come(token=guarded.users.token("ann", "--read-only"))
    assert client.search_experiments()
    assert denied(client.create_experiment, "never").error_code == "PERMISSION_DENIED"


def test_what_may_not_be_read_is_not_there(guarded, come):
    ann = come("ann")
    shown, hidden = ann.create_experiment("shown"), ann.create_experiment("hidden")
    runs = {id_: ann.create_run(id_).info.run_id for id_ in (shown, hidden)}
    for n in range(7):
        ann.create_registered_model(f"hidden {n}")
        ann.create_registered_model(f"shown {n}")
    service = auth_client.AuthServiceClient(guarded.url)
    if NEWER:
        service.grant_user_permission("bob", "experiment", hidden, "DENY")
        assert service.get_user_permission("bob", "experiment", hidden).permission == "DENY"
        assert not service.get_user_permission("bob", "experiment", shown).allowed
    else:
        service.create_experiment_permission(hidden, "bob", "NO_PERMISSIONS")
        assert service.get_experiment_permission(hidden, "bob").permission == "NO_PERMISSIONS"
    for n in range(7):
        if NEWER:
            service.grant_user_permission("bob", "registered_model", f"hidden {n}", "DENY")
        else:
            service.create_registered_model_permission(f"hidden {n}", "bob", "NO_PERMISSIONS")

    bob = come("bob")
    assert {e.name for e in bob.search_experiments()} >= {"Default", "shown"}
    assert "hidden" not in {e.name for e in bob.search_experiments()}
    # Pages are full, and the last one says that it is.
    token, names, pages = None, [], 0
    while pages == 0 or token:
        page = bob.search_registered_models(max_results=3, page_token=token)
        names += [m.name for m in page]
        token, pages = page.token, pages + 1
        assert len(page) == 3 or not token
    assert [n for n in names if n.startswith("shown")] == [f"shown {n}" for n in range(7)]
    assert not [n for n in names if n.startswith("hidden")]
    assert [r.info.run_id for r in bob.search_runs([shown, hidden])] == [runs[shown]]
    assert denied(bob.get_run, runs[hidden]).error_code == "PERMISSION_DENIED"
    assert denied(bob.get_experiment, hidden).error_code == "PERMISSION_DENIED"
    assert denied(bob.get_registered_model, "hidden 1").error_code == "PERMISSION_DENIED"
    assert denied(bob.log_metric, runs[shown], "auc", 1).error_code == "PERMISSION_DENIED"  # the default is READ

    ann = come("ann")
    if NEWER:
        service.grant_user_permission("bob", "experiment", shown, "EDIT")
        service.revoke_user_permission("bob", "registered_model", "hidden 1")
    else:
        service.create_experiment_permission(shown, "bob", "READ")
        service.update_experiment_permission(shown, "bob", "EDIT")
        service.delete_registered_model_permission("hidden 1", "bob")
    ann.rename_registered_model("hidden 2", "renamed 2")
    bob = come("bob")
    bob.log_metric(runs[shown], "auc", 1)
    assert denied(bob.delete_run, runs[shown]).error_code == "PERMISSION_DENIED"
    assert bob.get_registered_model("hidden 1").name == "hidden 1"
    assert denied(bob.get_registered_model, "renamed 2").error_code == "PERMISSION_DENIED"


def test_nothing_is_read_through_something_of_ones_own(guarded, come, tmp_path):
    ann = come("ann")
    secret = ann.create_experiment("secret")
    with mlflow.start_run(experiment_id=secret) as run:
        mlflow.log_text("the secret", "s.txt")
    location = ann.get_run(run.info.run_id).info.artifact_uri
    service = auth_client.AuthServiceClient(guarded.url)
    if NEWER:
        service.grant_user_permission("bob", "experiment", secret, "DENY")
    else:
        service.create_experiment_permission(secret, "bob", "NO_PERMISSIONS")
    bob = come("bob")
    bob.create_registered_model("bobs")
    for source, run_id in [(location, None), (f"runs:/{run.info.run_id}/", None), (location, run.info.run_id), ("s3://x", run.info.run_id)]:
        assert denied(bob.create_model_version, "bobs", source, run_id).error_code == "PERMISSION_DENIED", source
    for place in [f"mlflow-artifacts:/{secret}", "file:///etc", "/etc"]:
        assert denied(bob.create_experiment, f"at {place}".replace("/", "_"), artifact_location=place).error_code == "PERMISSION_DENIED"
    assert bob.create_experiment("in a bucket", artifact_location="s3://bucket/x")
    with pytest.raises(Exception, match="403"):
        mlflow.artifacts.download_artifacts(artifact_uri=location + "/s.txt", dst_path=str(tmp_path))
    prompt = {"name": "p", "source": "/etc", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}
    bob.create_registered_model("p")
    session = mlflow.utils.rest_utils.http_request(
        mlflow.tracking._tracking_service.utils._get_store().get_host_creds(), "/api/2.0/mlflow/model-versions/create", "POST", json=prompt
    )
    assert session.status_code == 400, session.text


def test_users_by_the_auth_client(guarded, come):
    come("ann")
    service = auth_client.AuthServiceClient(guarded.url)
    user = service.create_user("carl", "password of carl")
    assert (user.username, user.is_admin, user.password_hash) == ("carl", False, "REDACTED")
    assert denied(service.create_user, "carl", "password of carl").error_code == "RESOURCE_ALREADY_EXISTS"
    assert denied(service.create_user, "dora", "short").error_code == "INVALID_PARAMETER_VALUE"
    service.update_user_admin("carl", True)
    assert service.get_user("carl").is_admin
    service.update_user_password("carl", "another password")
    come("carl", "password of carl")
    assert "401" in str(denied(service.get_user, "carl"))
    come("carl", "another password")
    assert service.get_user("carl").id == user.id
    service.update_user_admin("carl", False)
    assert denied(service.update_user_admin, "carl", True).error_code == "PERMISSION_DENIED"
    assert denied(service.get_user, "ann").error_code == "PERMISSION_DENIED"
    come("ann")
    service.delete_user("carl")
    assert denied(service.get_user, "carl").error_code == "RESOURCE_DOES_NOT_EXIST"


ANN, BOB, CHANGED = ("ann", PASSWORD), ("bob", "password of bob"), ("bob", "bobs new password")
GRANTS = "/api/3.0/mlflow/users/permissions"
ABOUT_BOB = {"username": "bob", "resource_type": "experiment", "resource_id": "1"}
# Who asks what; the answers of the two servers must be equal.
ASKED = [
    (None, "GET", "mlflow/experiments/search?max_results=1", None),
    (("ann", "wrong wrong wrong"), "GET", "mlflow/experiments/search?max_results=1", None),
    (None, "GET", "/nope", None),
    (ANN, "POST", "mlflow/users/create", {"username": "bob", "password": "password of bob"}),
    (ANN, "POST", "mlflow/users/create", {"username": "c", "password": "short"}),
    (ANN, "POST", "mlflow/users/create", {"username": "c"}),
    (BOB, "POST", "mlflow/users/create", {"username": "d", "password": "password of bob"}),
    (ANN, "GET", "mlflow/users/get?username=nope", None), (ANN, "GET", "mlflow/users/get", None),
    (BOB, "GET", "mlflow/users/current", None), (ANN, "GET", "mlflow/users/list", None),
    (BOB, "PATCH", "mlflow/users/update-password", {"username": "bob", "password": "bobs new password", "current_password": "nope nope nope"}),
    (BOB, "PATCH", "mlflow/users/update-password", {"username": "bob", "password": "password of bob", "current_password": "password of bob"}),
    (BOB, "PATCH", "mlflow/users/update-password", {"username": "ann", "password": "a password of bob"}),
    (BOB, "PATCH", "mlflow/users/update-password", {"username": "bob", "password": "bobs new password", "current_password": "password of bob"}),
    (BOB, "GET", "mlflow/users/current", None), (CHANGED, "GET", "mlflow/users/current", None),
    (CHANGED, "PATCH", "mlflow/users/update-admin", {"username": "bob", "is_admin": True}),
    (ANN, "DELETE", "mlflow/users/delete", {"username": "ann"}), (ANN, "DELETE", "mlflow/users/delete", {"username": "nope"}),
    (ANN, "POST", "mlflow/experiments/create", {"name": "e1"}), (CHANGED, "GET", "mlflow/experiments/get?experiment_id=1", None),
    (CHANGED, "GET", "mlflow/experiments/get?experiment_id=99", None), (CHANGED, "POST", "mlflow/runs/create", {"experiment_id": "1"}),
    (ANN, "POST", GRANTS + "/grant", ABOUT_BOB | {"permission": "WEIRD"}), (ANN, "POST", GRANTS + "/grant", ABOUT_BOB | {"permission": "EDIT"}),
    (ANN, "POST", GRANTS + "/grant", ABOUT_BOB | {"permission": "DENY"}), (ANN, "POST", GRANTS + "/grant", ABOUT_BOB | {"username": "x", "permission": "READ"}),
    (ANN, "GET", GRANTS + "/get?username=bob&resource_type=experiment&resource_id=1", None),
    (CHANGED, "GET", GRANTS + "/get?username=bob&resource_type=experiment&resource_id=1", None),
    (ANN, "GET", GRANTS + "/get?username=bob&resource_type=experiment&resource_id=99", None),
    (ANN, "GET", GRANTS + "/get?username=bob&resource_type=registered_model&resource_id=nope", None),
    (ANN, "GET", GRANTS + "/get?username=nope&resource_type=experiment&resource_id=99", None),
    (CHANGED, "GET", GRANTS + "/get?username=bob&resource_type=experiment&resource_id=99", None),
    (CHANGED, "GET", GRANTS + "/get?username=ann&resource_type=experiment&resource_id=99", None),
    (CHANGED, "POST", GRANTS + "/grant", ABOUT_BOB | {"permission": "MANAGE"}),
    (CHANGED, "POST", "mlflow/runs/create", {"experiment_id": "1", "start_time": 1, "run_name": "r"}),
    (CHANGED, "POST", "mlflow/experiments/delete", {"experiment_id": "1"}),
    (ANN, "POST", GRANTS + "/revoke", ABOUT_BOB), (ANN, "POST", GRANTS + "/revoke", ABOUT_BOB),
    (ANN, "POST", GRANTS + "/grant", ABOUT_BOB | {"permission": "DENY"}), (CHANGED, "GET", "mlflow/experiments/get?experiment_id=1", None),
    (CHANGED, "GET", "mlflow/experiments/search?max_results=5", None), (CHANGED, "POST", "mlflow/runs/search", {"experiment_ids": ["1"]}),
    (CHANGED, "GET", GRANTS + "/get?username=bob&resource_type=experiment&resource_id=1", None),
    (CHANGED, "POST", "mlflow/webhooks", {"name": "w", "url": "https://8.8.8.8/", "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]}),
    (ANN, "DELETE", "mlflow/users/delete", {"username": "bob"}), (CHANGED, "GET", "mlflow/users/current", None),
]  # fmt: skip
ONE_SIDED = {"workspace", "sqlstate", "error_class", "experiment_permissions", "registered_model_permissions"}


def without(content):
    """What both have: the real one also names workspaces and adds two members to errors, ours tells older clients a user's permissions."""
    if isinstance(content, dict):
        return {key: without(value) for key, value in content.items() if key not in ONE_SIDED}
    return [without(one) for one in content] if isinstance(content, list) else content


@pytest.mark.skipif(not NEWER, reason="the words of newer clients; the real server is always the same")
def test_answers_beside_the_real_servers(mlean, tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    (folder / "auth.ini").write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{folder}/auth.db\nadmin_username = ann\nadmin_password = {PASSWORD}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    env = {"MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"), "MLFLOW_FLASK_SERVER_SECRET_KEY": "x"}
    users = Users(mlean, user_env(mlean, tmp_path_factory.mktemp("home")), tmp_path_factory.mktemp("root"))
    users.add("ann", "--admin")
    with start_real(folder, "--app-name", "basic-auth", env=env) as real_url:
        with start_server(mlean, users.env, folder / "ours.log", users.root, "--auth") as live:
            ours, real = Side("ours", live.url), Side("real", real_url)
            differ = []
            for who, method, path, body in ASKED:
                said = [answer(side, method, path, body, {"auth": who}) for side in (ours, real)]
                a, b = ((status, without(side.masked(content))) for side, (status, content) in zip((ours, real), said))
                if a != b:
                    differ.append((who, method, path, body, a, b))
            assert differ == []
            for side in (ours, real):
                assert side.call("GET", "mlflow/experiments/search").headers["WWW-Authenticate"] == 'Basic realm="mlflow"'
