"""`mlean server --sync`: what an answered write survives."""

import re

import pytest
import requests


@pytest.mark.parametrize(("options", "level"), [((), "1"), (("--sync", "normal"), "1"), (("--sync", "full"), "2")])
def test_the_database_is_told(tmp_path, server, options, level):
    with server(tmp_path, *options) as live:
        text = live.get("/metrics").text
        assert re.search(r"^mlean_database_synchronous (\d)", text, re.M)[1] == level
        # Artifacts go the same way, large ones through a file.
        for body in (b"small", b"large" * 100_000):
            path = "/api/2.0/mlflow-artifacts/artifacts/0/some/file"
            assert requests.put(live.url + path, data=body, timeout=30).status_code == 200
            assert live.get(path).content == body


def test_no_other_word(tmp_path, run):
    done = run("server", "--root", ".", "--sync", "half", cwd=tmp_path, check=2)
    assert "cannot use --sync 'half': expected normal or full" in done.stderr
