"""MLflow's own client against a server that asks who calls, over https with an authority of one's own."""

import os
import subprocess
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
from access import PASSWORD, Users  # noqa: E402

# The client's module draws in the real server's, whose 2.x looks for a class that newer SQLAlchemy has no more; it is not used.
if not hasattr(sqlalchemy.pool, "FallbackAsyncAdaptedQueuePool"):
    sqlalchemy.pool.FallbackAsyncAdaptedQueuePool = object
from mlflow.server.auth import client as auth_client  # noqa: E402

NEWER = hasattr(auth_client.AuthServiceClient, "grant_user_permission")


def make_certificate(folder):
    """An authority, and a certificate of it for 127.0.0.1: (authority, certificate, key)."""
    (folder / "ext").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n")

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.crt",
            "-subj", "/CN=test authority", "-days", "2", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", "server.crt")
    return folder / "ca.crt", folder / "server.crt", folder / "server.key"


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
