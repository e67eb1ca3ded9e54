"""Every kind of store that has a real server here: the same round trip, and what each alone can do."""

import hashlib
import os

import pytest
from conftest import Store, hold, key_of, wait_until_held


@pytest.fixture(params=["s3", "http", "webdav", "ssh"])
def place(request, tmp_path):
    """A fresh prefix in a store: .url, .options, .env and the folder behind it."""
    name = f"p{abs(hash(request.node.name)) % 10**8}"

    class Place:
        kind, env, options = request.param, {}, {}

    if request.param == "s3":
        server = request.getfixturevalue("s3")
        Place.url, Place.options, Place.folder = server.url(f"some/{name}"), server.options, server.folder / "some" / name
    elif request.param == "http":
        server = request.getfixturevalue("http")
        Place.url, Place.options, Place.folder = server.url(f"plain/{name}"), {"method": "PUT"}, server.www / "plain" / name
    elif request.param == "webdav":
        server = request.getfixturevalue("http")
        Place.url, Place.folder = server.url(f"dav/{name}/deep/er", "webdav"), server.www / "dav" / name / "deep/er"  # none of them is there
    else:
        server = request.getfixturevalue("ssh")
        Place.env, Place.folder = server.env(), tmp_path / "far" / name
        Place.url = server.url(Place.folder)
    return Place


def test_round_trip(place, do, store, tree, tmp_path):
    other = Store(tmp_path / "other")
    answers = do(
        place.url,
        {"do": "push", "cache": str(store.folder), "wanted": [tree.dir]},
        {"do": "push", "cache": str(store.folder), "wanted": [tree.dir], "repair": True},
        {"do": "fetch", "cache": str(other.folder), "wanted": [tree.dir]},
        {"do": "fetch", "cache": str(other.folder), "wanted": [tree.dir]},
        options=place.options, env=place.env,
    )  # fmt: skip
    pushed, again, fetched, idle = (answer["ok"] for answer in answers)
    assert (pushed["objects"], pushed["dirs"], pushed["failed"]) == (len(tree.all), 1, [])
    assert (again["objects"], again["present"]) == (0, len(tree.all))
    assert (fetched["objects"], fetched["bytes"]) == (len(tree.all), pushed["bytes"])
    assert idle["objects"] == 0
    assert Store(place.folder).names() == tree.all == other.names()
    for name in tree.all:
        assert other.path(name).read_bytes() == store.path(name).read_bytes() == Store(place.folder).path(name).read_bytes()
        assert other.path(name).stat().st_mode & 0o777 == 0o444
    assert other.litter() == Store(place.folder).litter() == []


def test_single_keys(place, do, tmp_path):
    content = os.urandom(100_000)
    file, got, tail = tmp_path / "file", tmp_path / "got", tmp_path / "tail"
    file.write_bytes(content)
    odd = "a b+c/ü%41&=#?;,'().txt"
    answers = do(
        place.url,
        {"do": "put", "file": str(file), "key": odd},
        {"do": "stat", "key": odd},
        {"do": "get", "key": odd, "file": str(got), "md5": hashlib.md5(content).hexdigest()},
        {"do": "exists", "keys": [odd, "none", "a b"]},
        {"do": "put", "file": str(file), "key": odd, "if_absent": True},
        {"do": "stat", "key": "none/x"},
        {"do": "get", "key": "none/x", "file": str(tail)},
        {"do": "remove", "keys": [odd, "none"]},
        {"do": "exists", "keys": [odd]},
        options=place.options, env=place.env,
    )  # fmt: skip
    put, stat, get, exists, again, no_stat, no_get, remove, gone = answers
    assert put["ok"] is True, put
    assert stat["ok"]["size"] == 100_000
    assert get["ok"]["size"] == 100_000 and got.read_bytes() == content
    assert exists["ok"] == [True, False, False]
    assert again["code"] == "exists", again
    assert no_stat["code"] == no_get["code"] == "not_found", (no_stat, no_get)
    assert not tail.exists()
    assert remove["ok"] is True, remove
    assert gone["ok"] == [False]


def test_listing_run_cache_and_gc(place, do, store, tree, tmp_path):
    if place.kind == "http":
        pytest.skip("HTTP cannot list; test_http_cannot_list says so")
    run = f"runs/aa/{'a' * 64}/{'b' * 64}"
    (store.folder / run).parent.mkdir(parents=True)
    (store.folder / run).write_text("cmd: x\n")
    single = store.put(b"single")
    legacy = store.folder / "ab" / ("c" * 30)
    answers = do(
        place.url,
        {"do": "push", "cache": str(store.folder), "wanted": [tree.dir, single]},
        {"do": "push_runs", "cache": str(store.folder)},
        {"do": "push_runs", "cache": str(store.folder)},
        {"do": "fetch_runs", "cache": str(tmp_path / "other")},
        {"do": "list", "key": ""},
        {"do": "list", "key": f"files/md5/{single[:2]}/"},
        {"do": "list", "key": "nothing/"},
        {"do": "gc", "used": [single]},
        {"do": "list", "key": ""},
        options=place.options, env=place.env,
    )  # fmt: skip
    _, first, second, fetched, all_files, one_folder, nothing, gc, left = answers
    assert (first["ok"], second["ok"], fetched["ok"]) == (1, 0, 1)
    assert (tmp_path / "other" / run).read_text() == "cmd: x\n"
    sizes = {key_of(name): store.path(name).stat().st_size for name in tree.all | {single}} | {run: 7}
    assert {key: size for key, size in all_files["ok"]} == sizes
    assert [key_of(single), 6] in one_folder["ok"]
    assert nothing["ok"] == []
    assert gc["ok"]["objects"] == len(tree.all)
    assert {key for key, _ in left["ok"]} == {key_of(single), run}
    assert not legacy.exists()


def test_a_damaged_object_is_refused(place, do, store, tree, tmp_path):
    do(place.url, {"do": "push", "cache": str(store.folder), "wanted": [tree.dir]}, options=place.options, env=place.env)
    victim = Store(place.folder).path(tree.files[3])
    victim.chmod(0o644)
    victim.write_bytes(b"FILE 3\n")
    other = Store(tmp_path / "other")
    report = do(place.url, {"do": "fetch", "cache": str(other.folder), "wanted": [tree.dir]}, options=place.options, env=place.env)["ok"]
    assert [(f["id"], f["code"]) for f in report["failed"]] == [(tree.files[3], "corrupt")]
    assert report["withheld"] == [tree.dir]
    assert other.names() == tree.all - {tree.dir, tree.files[3]}
    assert other.litter() == []


def test_a_server_that_vanishes_half_way(place, request, start_job, do, tmp_path):
    """Killed while a push runs: the push ends soon with causes, no .dir stands without its files; the next push brings the rest."""
    server = request.getfixturevalue({"webdav": "http"}.get(place.kind, place.kind))
    source = Store(tmp_path / "many")
    files = {f"f{i}": source.put(b"%d" % i + os.urandom(30_000)) for i in range(400)}
    folder = source.put_dir(files)
    far = Store(place.folder)
    push = {"do": "push", "cache": str(source.folder), "wanted": [folder], "jobs": 4}
    process = start_job(place.url, [push | hold(tmp_path, 60)], place.options, place.env, attempts=2)
    wait_until_held(process, tmp_path)
    try:
        (tmp_path / "go").touch()
        server.kill()
        answer = process.result(timeout=60)[0]
    finally:
        server.start()
    arrived = far.names()
    assert folder not in arrived
    assert 50 <= len(arrived) < 400
    if "ok" in answer:
        assert answer["ok"]["withheld"] == [folder]
        assert answer["ok"]["failed"] and all(f["error"] for f in answer["ok"]["failed"])
    for name in arrived:  # whole or not there
        assert far.path(name).read_bytes() == source.path(name).read_bytes()
    after = do(place.url, push, options=place.options, env=place.env)["ok"]
    assert after["failed"] == []
    assert far.names() == {folder, *files.values()}
    assert after["objects"] == 401 - len(arrived)


def test_a_killed_push_goes_on(place, start_job, do, tmp_path):
    source = Store(tmp_path / "many")
    files = {f"f{i}": source.put(b"%d" % i + os.urandom(30_000)) for i in range(300)}
    folder = source.put_dir(files)
    far = Store(place.folder)
    push = {"do": "push", "cache": str(source.folder), "wanted": [folder], "jobs": 4}
    process = start_job(place.url, [push | hold(tmp_path, 30)], place.options, place.env)
    wait_until_held(process, tmp_path)
    process.kill()
    process.wait(10)
    assert folder not in far.names()
    after = do(place.url, push, options=place.options, env=place.env)["ok"]
    assert after["failed"] == [] and after["missing"] == []
    assert far.names() == {folder, *files.values()}
    for name in far.names():
        assert far.path(name).read_bytes() == source.path(name).read_bytes()
