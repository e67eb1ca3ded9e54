"""Records what MLflow's own client and our server say to each other, for tests/http/test_wire.py.

    MLEAN_BIN=build/mlean .deps/mlflow3/bin/python tests/golden/wire/record.py      # writes mlflow-<version>.json beside this file
    MLEAN_BIN=build/mlean .deps/mlflow3/bin/python tests/golden/wire/record.py r    # mlflow-r-<version>.json: needs R with the package mlflow

One fresh server a flow (tests/clients/tracking/flows.py; flows.R), a proxy in between. What says nothing but where it was recorded is made
the same everywhere: the user's name, the script, the commit. Bodies that are no JSON are kept by size and replayed as blanks.
"""

import contextlib
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]

import mlflow  # noqa: E402
import requests  # noqa: E402
from conftest import find_mlean, start_server, user_env  # noqa: E402

from tests.clients.tracking import flows  # noqa: E402

RECORDED = [flows.log_everything, flows.nested_runs, flows.failing_run, flows.delete_and_restore, flows.datasets, flows.sklearn_autolog, flows.registry, flows.search_pages]
WHERE = {"mlflow.user": "someone", "mlflow.source.name": "train.py", "mlflow.source.git.commit": "0" * 40}


def scrub(value):
    """The same request, from nowhere in particular."""
    if isinstance(value, list):
        return [scrub(one) for one in value]
    if not isinstance(value, dict):
        return re.sub(r"(?<![\w/.:])(/[\w.+-]+){2,}/?", "/somewhere", value) if isinstance(value, str) and "file:" not in value else value
    value = {key: scrub(one) for key, one in value.items()}
    if value.get("key") in WHERE:
        value["value"] = WHERE[value["key"]]
    if "user_id" in value:
        value["user_id"] = "someone"
    return value


@contextlib.contextmanager
def proxy(url, exchanges):
    lock = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def body(self):
            if self.headers.get("Transfer-Encoding") == "chunked":
                pieces = b""
                while size := int(self.rfile.readline(), 16):
                    pieces += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return pieces
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def answer(self):
            body = self.body()
            one = {"request": f"{self.command} {self.path}"}
            with contextlib.suppress(ValueError):
                sent = json.loads(body) if body and "mlflow-artifacts" not in self.path else None
                if sent is not None:
                    one["body"] = scrub(sent)
                    body = json.dumps(one["body"]).encode()
            if body and "body" not in one:
                one["bytes"] = len(body)
            with lock:  # in the order of the answers
                reply = requests.request(self.command, url + self.path, data=body, headers={"Content-Type": self.headers.get("Content-Type") or ""}, timeout=60)
                one["status"] = reply.status_code
                with contextlib.suppress(ValueError):
                    if reply.headers.get("Content-Type", "").startswith("application/json"):
                        one["reply"] = reply.json()
                exchanges.append(one)
            self.send_response(reply.status_code)
            for name in ("Content-Type", "Content-Disposition"):
                if name in reply.headers:
                    self.send_header(name, reply.headers[name])
            self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def by_python(flow):
    def talk(url):
        flows.run(flow, url)
        while mlflow.active_run():
            mlflow.end_run()

    return talk


def by_r(flow):
    programs = pathlib.Path(sys.executable).parent
    env = os.environ | {"MLFLOW_PYTHON_BIN": sys.executable, "MLFLOW_BIN": str(programs / "mlflow"), "MLFLOW_DISABLE_TELEMETRY": "true"}
    return lambda url: subprocess.run(["Rscript", str(HERE / "flows.R"), flow], env=env | {"MLFLOW_TRACKING_URI": url}, check=True, timeout=300)


def main(client="python"):
    if client == "r":
        print_version = ["Rscript", "-e", "cat(as.character(packageVersion('mlflow')))"]
        version = "r-" + subprocess.run(print_version, capture_output=True, text=True, check=True).stdout
        talks = {flow: by_r(flow) for flow in ("experiments", "runs", "models")}
    else:
        version, talks = mlflow.__version__, {flow.__name__: by_python(flow) for flow in RECORDED}
    out = {}
    for name, talk in talks.items():
        exchanges = out[name] = []
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            for part in ("home", "root"):
                (folder / part).mkdir()
            with start_server(find_mlean(), user_env(find_mlean(), folder / "home"), folder / "stderr", folder / "root") as live, proxy(live.url, exchanges) as url:
                talk(url)
    text = json.dumps(out, indent=0, ensure_ascii=False, sort_keys=True)
    (HERE / f"mlflow-{version}.json").write_text(text + "\n")
    print({name: len(exchanges) for name, exchanges in out.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
