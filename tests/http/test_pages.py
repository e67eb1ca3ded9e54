"""The pages for people: where the addresses lead that MLflow's clients print. Read by a browser where there is one."""

import shutil
import subprocess

import pytest
import requests

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
API = "/api/2.0/mlflow/"


def post(live, path, body):
    reply = requests.post(live.url + API + path, json=body, timeout=30)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.fixture
def live(server, tmp_path):
    with server(tmp_path) as live:
        live.experiment = post(live, "experiments/create", {"name": "<b>bold</b> & more"})["experiment_id"]
        live.runs = []
        for number in range(2):
            run_id = post(live, "runs/create", {"experiment_id": live.experiment, "run_name": f"run-{number}"})["run"]["info"]["run_id"]
            points = [{"key": "loss", "value": 1 / (step + 1 + number), "timestamp": step, "step": step} for step in range(20)]
            params = [{"key": "depth", "value": str(3 + number)}, {"key": "script", "value": "<script>document.title='got in'</script>"}]
            post(live, "runs/log-batch", {"run_id": run_id, "metrics": points, "params": params, "tags": [{"key": "team", "value": "ops"}]})
            requests.put(f"{live.url}/api/2.0/mlflow-artifacts/artifacts/{live.experiment}/{run_id}/artifacts/notes/a.txt", data=b"hello", timeout=30)
            live.runs.append(run_id)
        post(live, "registered-models/create", {"name": "churn"})
        post(live, "model-versions/create", {"name": "churn", "source": "s3://bucket/x", "run_id": live.runs[0]})
        post(live, "registered-models/create", {"name": "greeting", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]})
        post(live, "registered-models/alias", {"name": "churn", "alias": "champion", "version": "1"})
        yield live


def test_the_pages_are_there(live):
    for path, text in (("/", 'location.replace("/tracking"'), ("/tracking", "#/experiments/3/runs/")):
        reply = live.get(path)
        assert reply.status_code == 200 and text in reply.text
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.skipif(BROWSER is None, reason="no browser on this machine")
def test_a_browser_shows_what_the_address_says(live, tmp_path_factory):
    def page(address):
        profile = tmp_path_factory.mktemp("profile")
        done = subprocess.run(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--virtual-time-budget=10000", "--dump-dom", live.url + address],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    first, second = live.runs
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; more" in page("/#/experiments")
    runs = page(f"/#/experiments/{live.experiment}")
    assert "run-0" in runs and "run-1" in runs and ">depth</th>" in runs
    run = page(f"/#/experiments/{live.experiment}/runs/{first}")
    assert "<svg" in run and "loss: 0.05 at step 19" in run and ">team</td><td>ops</td>" in run and ">notes/</a>" in run
    assert "<script>document.title" not in run and "got in</title>" not in run, "a value is text, never a script"
    compared = page(f"/#/compare-runs?runs=%5B%22{first}%22,%22{second}%22%5D&experiments=%5B%22{live.experiment}%22%5D")
    assert "2 runs" in compared and 'class="differs"' in compared
    charted = page(f"/#/metric/loss?runs=%5B%22{first}%22,%22{second}%22%5D&experiments=%5B%22{live.experiment}%22%5D")
    versions = page(f"/#/compare-model-versions?name=%22churn%22&runs=%7B%22{first}%22:%221%22%7D")
    assert "2 runs" in charted and "1 runs" in versions
    assert ">greeting</a>" in page("/#/prompts") and ">version</th>" in page("/#/prompts/greeting")
    assert "champion → 1" in page("/#/models")
    assert first in page("/#/models/churn/versions/1")
    assert "No Run with id=none" in page("/#/experiments/0/runs/none") or "not found" in page("/#/experiments/0/runs/none")
