"""A change of champion under load: no request fails, every answer is exactly one of the two models', and the verb returns when it is live."""

import json
import threading

import models
import requests

FLIPS = 20


class Caller(threading.Thread):
    """Asks the same row again and again over one kept connection until it is stopped."""

    def __init__(self, url, row):
        super().__init__(daemon=True)
        self.url, self.row = url, row
        self.stop = threading.Event()
        self.answers = []  # (status, version, prediction)
        self.broken = None

    def run(self):
        try:
            with requests.Session() as session:
                while not self.stop.is_set():
                    reply = session.post(self.url, json=self.row, timeout=30)
                    body = reply.json()
                    self.answers.append((reply.status_code, reply.headers.get("mlean-model-version"), body.get("version"), body.get("prediction")))
        except Exception as error:  # told by the test, which runs on another thread
            self.broken = error


def test_champion_changes_under_load(tmp_path, run, server):
    made = [models.bare(tmp_path / "one.ubj"), models.bare(tmp_path / "two.ubj", depth=5)]
    for model in made:
        run("models", "register", "bare", model.file, cwd=tmp_path)
    run("models", "alias", "bare", "champion", 1, cwd=tmp_path)
    row = {"f0": 0.5, "f1": -1.0, "f2": 0.25, "f3": 2.0}
    with server(tmp_path) as live:
        exact = {v: live.post(f"/predict/bare/versions/{v}", json=row).json()["prediction"] for v in (1, 2)}
        for version, model in zip((1, 2), made):
            assert abs(exact[version] - model.predict([list(row.values())])[0]) <= 1e-6
        assert exact[1] != exact[2]
        callers = [Caller(live.url + "/predict/bare", row) for _ in range(2)]
        for caller in callers:
            caller.start()
        for flip in range(FLIPS):
            version = 2 - flip % 2
            run("models", "alias", "bare", "champion", version, cwd=tmp_path)
            reply = live.post("/predict/bare", json=row)
            assert (reply.json()["version"], reply.json()["prediction"]) == (str(version), exact[version]), f"flip {flip}"
        for caller in callers:
            caller.stop.set()
            caller.join(30)
        for caller in callers:
            assert caller.broken is None
            expected = {(200, str(v), str(v), exact[v]) for v in (1, 2)}
            assert set(caller.answers) == expected, set(caller.answers) - expected
            changes = sum(a[1] != b[1] for a, b in zip(caller.answers, caller.answers[1:]))
            # The callers were really asking while it changed. A flip may fall between two of one caller's requests, never be seen twice.
            assert FLIPS / 2 <= changes <= FLIPS, changes
    verified = json.loads(run("audit", "verify", "--json", cwd=tmp_path).stdout)
    assert verified == {"events": 2 + 1 + FLIPS, "intact": True}
