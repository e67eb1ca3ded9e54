"""What MLflow's own clients say, replayed: our server still answers as it did when the clients were content with it.

tests/golden/wire/mlflow-<version>.json holds the conversations, record.py beside them makes them anew. What a server makes up (ids,
times, page tokens, random names) is learned from its answers and put into what the client says next.
"""

import json
import pathlib
import re

import pytest
import requests

GOLDEN = pathlib.Path(__file__).parents[1] / "golden/wire"
MADE_UP = re.compile(r"m-[0-9a-f]{32}|[0-9a-f]{32}")
RANDOM_NAME = re.compile(r"[a-z]+-[a-z]+-\d+")
FLOWS = [(file.stem, name) for file in sorted(GOLDEN.glob("mlflow-*.json")) for name in json.loads(file.read_text())]


class Replay:
    def __init__(self, url):
        self.url, self.session = url, requests.Session()
        self.known = {}  # what the recorded server made up → what this one did

    def say(self, text):
        for recorded, own in self.known.items():
            text = text.replace(recorded, own)
        return text

    def fill(self, value):
        if isinstance(value, dict):
            return {key: self.fill(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.fill(one) for one in value]
        return self.say(value) if isinstance(value, str) else value

    def step(self, one):
        method, path = one["request"].split(" ", 1)
        data = json.dumps(self.fill(one["body"])).encode() if "body" in one else b" " * one.get("bytes", 0)
        headers = {"Content-Type": "application/json"} if "body" in one else {}
        reply = self.session.request(method, self.url + self.say(path), data=data, headers=headers, timeout=30)
        assert reply.status_code == one["status"], (one["request"], reply.text)
        if "reply" in one:
            self.compare(one["reply"], reply.json(), one["request"])

    def compare(self, recorded, own, where):
        assert type(recorded) is type(own), (where, recorded, own)
        if isinstance(recorded, dict):
            assert sorted(recorded) == sorted(own), where
            for key in recorded:
                self.compare(recorded[key], own[key], f"{where} {key}")
        elif isinstance(recorded, list):
            assert len(recorded) == len(own), where
            for index, (one, other) in enumerate(zip(recorded, own)):
                self.compare(one, other, f"{where} [{index}]")
        elif where.endswith("page_token"):
            self.known[recorded] = own
        elif isinstance(recorded, str):
            self.compare_text(recorded, own, where)
        elif not (isinstance(recorded, int) and recorded > 10**12 and own > 10**12):  # both are times
            assert recorded == own, where

    def compare_text(self, recorded, own, where):
        if recorded.isdigit() and int(recorded) > 10**12 and own.isdigit() and int(own) > 10**12:
            return
        if RANDOM_NAME.fullmatch(recorded) and RANDOM_NAME.fullmatch(own):
            self.known[recorded] = own
            return
        for one, other in zip(MADE_UP.findall(recorded), MADE_UP.findall(own)):
            assert self.known.setdefault(one, other) == other, where
        assert self.say(recorded) == own, where


@pytest.mark.parametrize("client, flow", FLOWS)
def test_the_server_answers_as_it_did(server, tmp_path, client, flow):
    with server(tmp_path) as live:
        replay = Replay(live.url)
        for one in json.loads((GOLDEN / f"{client}.json").read_text())[flow]:
            replay.step(one)
