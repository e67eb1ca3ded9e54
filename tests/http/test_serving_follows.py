"""What is served follows the registry before the reply to the request that changed it."""

import models
import requests

ROW = {"f0": 1, "f1": 1, "f2": 0, "f3": 1}


def change(live, path, body, method="POST"):
    reply = requests.request(method, f"{live.url}/api/2.0/mlflow/{path}", json=body, timeout=30)
    assert reply.status_code == 200, reply.text


def answer(live, name):
    """The version that answers, or the status of the refusal."""
    reply = requests.post(f"{live.url}/predict/{name}", json=ROW, timeout=30)
    return reply.headers.get("mlean-model-version") or reply.status_code


def test_serving_follows_mlflows_api_at_once(server, run, tmp_path):
    for depth in (3, 5):
        models.bare(tmp_path / "bare.ubj", depth=depth)
        run("models", "register", "bare", "bare.ubj", cwd=tmp_path)
    run("models", "promote", "bare", "1", cwd=tmp_path)
    with server(tmp_path) as live:
        for version in ["2", "1"] * 10:
            change(live, "registered-models/alias", {"name": "bare", "alias": "champion", "version": version})
            assert answer(live, "bare") == version
        change(live, "registered-models/alias", {"name": "bare", "alias": "new", "version": "2"})
        assert answer(live, "bare@new") == "2"
        change(live, "registered-models/alias", {"name": "bare", "alias": "new"}, "DELETE")
        assert answer(live, "bare@new") == 404
        change(live, "registered-models/rename", {"name": "bare", "new_name": "worn"})
        assert (answer(live, "bare"), answer(live, "worn")) == (404, "1")
        change(live, "model-versions/delete", {"name": "worn", "version": "1"}, "DELETE")
        assert answer(live, "worn") == 503  # version 2 is there and no champion
        change(live, "registered-models/delete", {"name": "worn"}, "DELETE")
        assert answer(live, "worn") == 404
        index = requests.post(f"{live.url}/v2/repository/index", timeout=30)
        assert index.json() == []


def test_a_model_without_a_file_of_ours_is_not_served(server, tmp_path):
    with server(tmp_path) as live:
        change(live, "registered-models/create", {"name": "python"})
        change(live, "model-versions/create", {"name": "python", "source": "s3://b/1"})
        change(live, "registered-models/alias", {"name": "python", "alias": "champion", "version": "1"})
        assert answer(live, "python") == 404
        assert 'model="python"' not in requests.get(f"{live.url}/metrics", timeout=30).text
