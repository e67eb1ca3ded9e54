"""Who may come in: users, tokens, the command line beside a running server, guessing, foreign web sites."""

import contextlib
import json
import os
import pty
import re
import stat

import pytest
import requests
from access import PASSWORD, As, Users
from conftest import start_server, wait_for

OUTSIDE = "/api/2.0/mlflow/experiments/search?max_results=5"


@pytest.fixture
def users(mlean, env, tmp_path):
    made = Users(mlean, env, tmp_path)
    made.add("ann", "--admin")
    return made


@pytest.fixture
def guarded(server, users):
    with server(users.root, "--auth") as live:
        yield live


def test_nobody_comes_in_without_credentials(guarded):
    for method, path in [("GET", OUTSIDE), ("GET", "/"), ("GET", "/metrics"), ("POST", "/predict/m"), ("GET", "/nothing"),
                         ("GET", "/api/mlean/v1/turns"), ("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/f"), ("OPTIONS", OUTSIDE)]:  # fmt: skip
        reply = requests.request(method, guarded.url + path, timeout=30)
        assert reply.status_code == 401, path
        assert reply.headers["WWW-Authenticate"] == 'Basic realm="mlflow"'
        assert reply.text.startswith("You are not authenticated.")
        assert reply.headers["Content-Type"].startswith("text/plain")
    for path in ["/health", "/ready", "/version", "/v2/health/live", "/v2/health/ready", "/api/3.0/mlflow/server-info"]:
        assert guarded.get(path).status_code == 200, path


def test_a_password_a_token_and_wrong_ones(guarded, users):
    assert As(guarded.url, ("ann", PASSWORD)).get(OUTSIDE).status_code == 200
    assert As(guarded.url, users.token("ann")).get(OUTSIDE).status_code == 200
    assert As(guarded.url, ("ann", PASSWORD + "x")).get(OUTSIDE).status_code == 401
    assert As(guarded.url, ("eve", PASSWORD)).get(OUTSIDE).status_code == 401
    assert As(guarded.url, "mlean_00").get(OUTSIDE).status_code == 401
    for header in ["Basic", "Basic !", "Digest x", "Bearer", "Basic " + "A" * 5000]:
        reply = requests.get(guarded.url + OUTSIDE, headers={"Authorization": header}, timeout=30)
        assert reply.status_code == 401, header


def test_the_command_line_changes_the_running_server_at_once(guarded, users):
    users.add("bob", password="another password")
    bob = As(guarded.url, ("bob", "another password"))
    assert bob.get(OUTSIDE).status_code == 200
    users.verb("users", "password", "bob", given="a third password\n")
    assert bob.get(OUTSIDE).status_code == 401
    bob.auth = ("bob", "a third password")
    assert bob.get(OUTSIDE).status_code == 200
    token = users.token("bob", "--expires", "30d")
    by_token = As(guarded.url, token)
    assert by_token.get(OUTSIDE).status_code == 200
    assert bob.get("/api/mlean/v1/audit").status_code == 403
    users.verb("users", "admin", "bob")
    assert bob.get("/api/mlean/v1/audit").status_code == 200
    listed = json.loads(users.verb("tokens", "list", "--user", "bob", "--json").stdout)
    assert [one["user"] for one in listed] == ["bob"] and token not in json.dumps(listed)
    users.verb("tokens", "revoke", listed[0]["id"])
    assert by_token.get(OUTSIDE).status_code == 401
    users.verb("users", "remove", "bob")
    assert bob.get(OUTSIDE).status_code == 401


def test_a_read_only_token_changes_nothing(guarded, users):
    reader = As(guarded.url, users.token("ann", "--read-only"))
    assert reader.ml("POST", "experiments/search", max_results=5)["experiments"]
    assert reader.ml("POST", "runs/search", experiment_ids=["0"]) == {}
    assert reader.ml("POST", "experiments/create", status=403, name="x") == "Permission denied"
    assert reader.post("/api/mlean/v1/tick").status_code == 403
    assert reader.get("/api/mlean/v1/audit").status_code == 200


def test_an_expired_token(users, server, env, tmp_path):
    token = users.token("ann", "--expires", "1ms")
    with server(users.root, "--auth") as live:
        assert As(live.url, token).get(OUTSIDE).status_code == 401


def test_guessing_is_slowed_down_and_stops_nobody_who_is_known(guarded, users):
    ann = As(guarded.url, ("ann", PASSWORD))
    assert ann.get(OUTSIDE).status_code == 200
    guesses = 0
    while True:
        reply = As(guarded.url, ("ann", f"guess number {guesses}")).get(OUTSIDE)
        assert reply.status_code == 401 and "WWW-Authenticate" in reply.headers
        if "Retry-After" in reply.headers:
            break
        guesses += 1  # one try comes back every six seconds, so a slow machine needs some more
        assert guesses < 100
    assert guesses >= 20 and 1 <= int(reply.headers["Retry-After"]) <= 6
    assert "Too many failed attempts" in reply.text
    metrics = ann.get("/metrics").text  # ann herself goes on
    assert f"mlean_auth_password_checks_total {guesses + 1}\n" in metrics, "the guess that was held up was looked at"
    assert f'mlean_auth_failures_total{{kind="password"}} {guesses}\n' in metrics
    assert "mlean_auth_limited_total 1\n" in metrics
    assert As(guarded.url, users.token("ann")).get(OUTSIDE).status_code == 200


def test_everything_is_in_the_audit_chain_and_no_secret_is(guarded, users):
    ann = As(guarded.url, ("ann", PASSWORD))
    users.add("bob")
    token = users.token("bob", "--note", "for ci")
    ann.ml("POST", "users/create", username="carl", password="password of carl")
    ann.ml("PATCH", "users/update-admin", username="carl", is_admin=True)
    ann.ml("POST", "registered-models/create", name="m")
    ann.ml("POST", "registered-models/permissions/create", name="m", username="bob", permission="EDIT")
    ann.ml("DELETE", "registered-models/delete", name="m")
    ann.ml("DELETE", "users/delete", username="carl")
    text = users.verb("audit", "log", "--json").stdout
    events = [(one["actor"].split(":")[0], one["actor"].split(":")[-1], one["action"], one["object"]) for one in json.loads(text)]
    assert ("user", "ann", "user.added", "users/carl") in events
    assert ("user", "ann", "user.admin_changed", "users/carl") in events
    assert ("user", "ann", "grant.set", "models/m") in events
    assert ("user", "ann", "model.deleted", "models/m") in events
    assert ("user", "ann", "user.removed", "users/carl") in events
    assert any(e[0] == "cli" and e[2:] == ("user.added", "users/bob") for e in events)
    assert any(e[0] == "cli" and e[2:] == ("token.created", "users/bob") for e in events)
    for secret in [PASSWORD, "password of carl", token, "scrypt"]:
        assert secret not in text
    users.verb("audit", "verify")
    database = (users.root / ".mlean/mlean.db").read_bytes() + (users.root / ".mlean/mlean.db-wal").read_bytes()
    assert token.encode() not in database and PASSWORD.encode() not in database


def test_what_is_deleted_for_good_takes_its_permissions_along(guarded, users):
    users.add("bob")
    ann = As(guarded.url, ("ann", PASSWORD))
    number = ann.ml("POST", "experiments/create", name="e")["experiment_id"]
    ann.ml("POST", "experiments/permissions/create", experiment_id=number, username="bob", permission="EDIT")
    ann.ml("POST", "experiments/delete", experiment_id=number)
    assert [one["experiment_id"] for one in ann.ml("GET", "users/get", username="bob")["user"]["experiment_permissions"]] == [number]
    assert ann.post("/api/mlean/v1/runs/gc", json={}).status_code == 200
    assert ann.ml("GET", "users/get", username="bob")["user"]["experiment_permissions"] == []
    events = json.loads(users.verb("audit", "log", "--json").stdout)
    assert ("user:ann", "experiment.removed") in [(one["actor"], one["action"]) for one in events]


def test_the_file_of_the_running_server_is_its_owners(guarded, users):
    file = users.root / ".mlean/server.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secret = json.loads(file.read_text())["token"]
    assert As(guarded.url, secret).post("/api/mlean/v1/sync").status_code == 200


def test_without_auth_there_are_no_routes_for_users(server, tmp_path):
    with server(tmp_path) as live:
        reply = live.get("/api/2.0/mlflow/users/get?username=ann")
        assert reply.status_code == 404 and reply.json()["error_code"] == "ENDPOINT_NOT_FOUND"


def refused(mlean, env, root, *options):
    return Users(mlean, env, root).verb("server", "--root", str(root), *options, check=6).stderr.splitlines()


def test_other_machines_take_auth_and_auth_takes_a_user(mlean, env, tmp_path):
    for where in [("--listen", "0.0.0.0:0"), ("--host", "0.0.0.0", "--port", "0"), ("--listen", "[::]:0"), ("--host", "10.1.2.3")]:
        lines = refused(mlean, env, tmp_path, *where)
        assert len(lines) == 2 and "nobody is asked who he is" in lines[0], lines
        assert "mlean users add NAME --admin" in lines[1] and "--auth" in lines[1]
    for where in ["0.0.0.0:0", "127.0.0.1:0"]:
        lines = refused(mlean, env, tmp_path, "--listen", where, "--auth")
        assert "no user" in lines[0] and f"mlean -C {tmp_path} users add NAME --admin" in lines[1], lines


def test_all_addresses_with_auth(mlean, env, users, tmp_path_factory):
    log = tmp_path_factory.mktemp("server") / "stderr"
    with start_server(mlean, env, log, users.root, "--auth", listen="0.0.0.0:0") as live:
        port = live.url.rsplit(":", 1)[1]
        assert As(f"http://127.0.0.1:{port}", ("ann", PASSWORD)).get(OUTSIDE).status_code == 200
        users.verb("users", "password", "ann", given="another password\n")  # finds the server and tells it
        assert As(f"http://127.0.0.1:{port}", ("ann", "another password")).get(OUTSIDE).status_code == 200
        assert "server.sync" not in log.read_text()
    assert "server.without_tls" in log.read_text()


@pytest.mark.parametrize("options, env_more, host, status", [
    ([], {}, "localhost:5000", 200),
    ([], {}, "127.0.0.1", 200),
    ([], {}, "[::1]:80", 200),
    ([], {}, "192.168.1.5:5000", 200),  # no name, so nothing that DNS could turn
    ([], {}, "mlean:5000", 200),  # of a container: no dot, so no name of the public DNS
    ([], {}, "evil.example.com", 403),
    ([], {}, "ai.", 403),
    ([], {}, "localhost.evil.com:5000", 403),
    ([], {}, "127.0.0.1.evil.com", 403),
    (["--allowed-hosts", "ml.corp,*.lab"], {}, "ml.corp:443", 200),
    (["--allowed-hosts", "ml.corp,*.lab"], {}, "a.lab", 200),
    (["--allowed-hosts", "ml.corp,*.lab"], {}, "a.lab.evil.com", 403),
    ([], {"MLFLOW_SERVER_ALLOWED_HOSTS": "ml.corp"}, "ml.corp", 200),
    ([], {"MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "true"}, "evil.example.com", 200),
])  # fmt: skip
def test_names_under_which_the_server_is_asked(mlean, env, tmp_path, options, env_more, host, status):
    with start_server(mlean, env | env_more, tmp_path / "log", tmp_path, *options) as live:
        reply = live.get(OUTSIDE, headers={"Host": host})
        assert reply.status_code == status, reply.text
        if status == 403:
            assert reply.text == "Invalid Host header - possible DNS rebinding attack detected"
        assert live.get("/health", headers={"Host": host}).status_code == 200


def test_pages_of_other_sites_change_nothing(server, users):
    for options in [(), ("--auth",)]:
        with server(users.root, *options, "--cors-allowed-origins", "https://ui.corp,https://*.lab") as live:
            ann = As(live.url, ("ann", PASSWORD))
            authority = live.url.removeprefix("http://")
            for origin, status in [("https://evil.com", 403), ("null", 403), ("http://" + authority, 200), ("http://localhost:3000", 200),
                                   ("https://ui.corp", 200), ("https://x.lab", 200), ("https://ui.corp.evil.com", 403)]:  # fmt: skip
                reply = ann.post("/api/2.0/mlflow/experiments/search", json={"max_results": 1}, headers={"Origin": origin})
                assert reply.status_code == status, (origin, reply.text)
                assert status == 200 or reply.text == "Cross-origin request blocked"
            assert ann.get(OUTSIDE, headers={"Origin": "https://evil.com"}).status_code == 200


def test_users_of_the_command_line(users):
    assert "12 characters" in users.verb("users", "add", "bob", given="short\n", check=1).stderr
    assert "already exists" in users.verb("users", "add", "ann", given=PASSWORD + "\n", check=1).stderr
    assert "stdin" in users.verb("users", "add", "bob", given="", check=1).stderr
    users.verb("users", "add", "a:b", given=PASSWORD + "\n", check=1)
    users.verb("users", "password", "eve", given=PASSWORD + "\n", check=4)
    users.verb("users", "remove", "eve", check=4)
    users.verb("tokens", "create", "--user", "eve", check=4)
    users.verb("tokens", "revoke", "00000000", check=4)
    users.add("bob")
    users.verb("users", "remove", "ann", check=5)
    users.verb("users", "admin", "ann", "--off", check=5)
    assert [one["name"] for one in json.loads(users.verb("users", "list", "--json").stdout)] == ["ann", "bob"]
    out = users.verb("tokens", "create", "--user", "bob", "-q")
    assert re.fullmatch(r"mlean_[0-9a-f]{64}\n", out.stdout) and out.stderr == ""


def test_users_through_mlflows_api(guarded, users):
    ann = As(guarded.url, ("ann", PASSWORD))
    made = ann.ml("POST", "users/create", username="bob", password="password of bob")["user"]
    assert made["username"] == "bob" and made["is_admin"] is False and made["experiment_permissions"] == []
    assert ann.ml("POST", "users/create", status=400, username="bob", password="password of bob")["error_code"] == "RESOURCE_ALREADY_EXISTS"
    assert "12 characters" in ann.ml("POST", "users/create", status=400, username="x", password="short")["message"]
    bob = As(guarded.url, ("bob", "password of bob"))
    assert bob.ml("GET", "users/get", username="bob")["user"]["id"] == made["id"]
    assert bob.ml("GET", "users/current")["user"]["username"] == "bob"
    bob.ml("GET", "users/get", status=403, username="ann")
    bob.ml("GET", "users/list", status=403)
    bob.ml("POST", "users/create", status=403, username="y", password=PASSWORD)
    bob.ml("PATCH", "users/update-admin", status=403, username="bob", is_admin=True)
    bob.ml("PATCH", "users/update-password", status=403, username="ann", password=PASSWORD)
    bob.ml("DELETE", "users/delete", status=403, username="ann")
    assert "does not match" in bob.ml("PATCH", "users/update-password", status=400, username="bob", password="a new password", current_password="not the password")["message"]
    bob.ml("PATCH", "users/update-password", username="bob", password="a new password", current_password="password of bob")
    bob.ml("GET", "users/current", status=401)
    bob.auth = ("bob", "a new password")
    bob.ml("GET", "users/current")
    by_token = As(guarded.url, users.token("bob"))
    assert "Current password is required" in by_token.ml("PATCH", "users/update-password", status=400, username="bob", password=PASSWORD)["message"]
    ann.ml("PATCH", "users/update-password", username="bob", password="set by ann alone")
    ann.ml("DELETE", "users/delete", status=400, username="ann")
    ann.ml("DELETE", "users/delete", username="bob")
    assert ann.ml("GET", "users/get", status=404, username="bob")["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    wait_for(lambda: by_token.get(OUTSIDE).status_code == 401, what="the token's end")


def on_a_terminal(mlean, env, root, words, typed):
    """What a terminal shows of a verb, and its exit status; each line of `typed` is typed once something is asked for."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(str(mlean), [str(mlean), "-C", str(root), *words], env)
    shown = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error
        for line in [*typed, None]:
            while piece := os.read(terminal, 4096):
                shown += piece
                if line is not None and piece.rstrip().endswith(b":"):
                    os.write(terminal, line.encode() + b"\n")
                    break
    return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_password_is_not_shown_while_it_is_typed(mlean, env, users):
    shown, status = on_a_terminal(mlean, env, users.root, ["users", "add", "bob"], [PASSWORD, PASSWORD])
    assert status == 0 and "password of 'bob':" in shown and "again:" in shown and "bob added" in shown, shown
    assert PASSWORD not in shown
    shown, status = on_a_terminal(mlean, env, users.root, ["users", "password", "bob"], [PASSWORD, PASSWORD + "x"])
    assert status == 1 and "the two differ" in shown, shown
