"""The same requests to two servers, ours and the real one, and what differs in their answers."""

import re

import requests

HEX = re.compile(r"\b(?:m-)?[0-9a-f]{32}\b")
TIME = re.compile(r"^1[0-9]{12}$")
RANDOM_NAME = re.compile(r"^[a-z]+-[a-z]+-\d+$")


class Side:
    """One server; `vars` keeps what earlier answers gave, by name."""

    def __init__(self, name, url):
        self.name, self.url, self.vars, self.seen = name, url, {}, {}

    def call(self, method, path, body=None, **options):
        path = path.format(**self.vars)
        if path.startswith("mlflow"):
            path = "/api/2.0/" + path
        if isinstance(body, (dict, list)):
            options["json"] = self.fill(body)
        elif body is not None:
            options["data"] = body
        return requests.request(method, self.url + path, timeout=60, **options)

    def fill(self, value):
        if isinstance(value, str) and re.fullmatch(r"\{\w+\}", value):
            return self.vars[value[1:-1]]
        if isinstance(value, str):
            for name, known in self.vars.items():
                value = value.replace("{" + name + "}", str(known))
            return value
        if isinstance(value, dict):
            return {key: self.fill(inner) for key, inner in value.items()}
        return [self.fill(inner) for inner in value] if isinstance(value, list) else value

    def masked(self, value):
        """Ids by order of appearance, times and random names as words."""
        if isinstance(value, dict):
            return {key: self.masked(inner) for key, inner in sorted(value.items())}
        if isinstance(value, list):
            return [self.masked(inner) for inner in value]
        if isinstance(value, int) and not isinstance(value, bool) and TIME.match(str(value)):
            return "<time>"
        if isinstance(value, str):
            value = HEX.sub(lambda found: self.seen.setdefault(found[0], f"<id{len(self.seen)}>"), value)
            if RANDOM_NAME.match(value):
                return "<random name>"
            return value.replace(self.url, "<server>")
        return value


def answer(side, method, path, body, options):
    reply = side.call(method, path, body, **options)
    try:
        content = reply.json()
    except ValueError:
        content = reply.text
    return reply.status_code, content


class Pair:
    def __init__(self, ours, real):
        self.sides = (ours, real)

    def ask(self, method, path, body=None, save=None, **options):
        """Both answers as (status, content with ids and times masked); `save` maps a name to the keys that lead to a value."""
        out = []
        for side in self.sides:
            status, content = answer(side, method, path, body, options)
            for name, keys in (save or {}).items():
                value = content
                for key in keys:
                    value = value[key]
                side.vars[name] = value
            out.append((status, side.masked(content)))
        return out
