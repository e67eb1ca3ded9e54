"""The order in which a search of the registry answers when it is asked for none."""

import pytest
from access import As


@pytest.fixture
def registry(server, tmp_path):
    with server(tmp_path) as live:
        yield As(live.url)


def test_what_changed_last_comes_first(registry):
    for name in ("b", "a"):
        registry.ml("POST", "registered-models/create", name=name)
        for _ in range(2):
            registry.ml("POST", "model-versions/create", name=name, source="s3://bucket/x")
    for name, version in (("a", "1"), ("b", "2")):
        registry.ml("PATCH", "model-versions/update", name=name, version=version, description="changed")

    def found(**fields):
        reply = registry.ml("GET", "model-versions/search", **fields)
        return reply["model_versions"], reply.get("next_page_token")

    whole, end = found()
    assert end is None and len(whole) == 4
    assert whole == sorted(whole, key=lambda one: (-one["last_updated_timestamp"], one["name"], -int(one["version"])))
    paged, token = [], ""
    while token is not None:
        page, token = found(max_results=1, page_token=token)
        paged += page
    assert paged == whole
    by_number = [(one["version"], one["name"]) for one in found(order_by="version_number ASC")[0]]
    assert by_number == [("1", "a"), ("1", "b"), ("2", "a"), ("2", "b")]


def test_tags_that_are_not_there(registry):
    for name, tags in (("a", [{"key": "team", "value": "ops"}]), ("b", [])):
        registry.ml("POST", "registered-models/create", name=name, tags=tags)
        registry.ml("POST", "model-versions/create", name=name, source="s3://bucket/x", tags=tags)
    for kind, rows in (("registered-models", "registered_models"), ("model-versions", "model_versions")):
        for test, name in (("IS NULL", "b"), ("is not null", "a")):
            reply = registry.ml("GET", f"{kind}/search", filter=f"tags.team {test}")
            assert [one["name"] for one in reply[rows]] == [name], (kind, test)
