"""One schema for a later PostgreSQL: a real one takes every step of our schema and every statement of the program after the mechanical
rules of dialect.py and nothing else, and answers the same. What the program asks is recorded while tests run (record_sql.c).

Needs the server of the package postgresql (./dev conformance installs it) and the unit tests of build/dev. See
docs/formats/sql-dialect.md.
"""

import os
import pathlib
import re
import sqlite3
import subprocess
import sys

import dialect
import postgres
import pytest
import recording
import replay

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]

# The unit tests of every room with tables, and which of them: some of a room take long and have nothing to do with SQL.
STORES = {
    "access": "UserStore.*", "artifacts": "*", "audit": "-*AHundredThousandEvents", "loop": "*", "notify": "*", "predictions": "*",
    "registry": "*", "rollout": "RolloutStore.*", "sched": "*", "track": "*",
}  # fmt: skip
# Requests of every kind and every level, and searches made at random.
SERVER = ["tests/http/test_rights.py", "tests/http/test_filter_property.py"]

# What audit_test.cpp does to a chain that somebody tampers with: in SQLite's own words.
TAMPERING = re.compile(r"INSERT OR REPLACE INTO audit_events|UPDATE OR REPLACE audit_events|DROP TRIGGER IF EXISTS audit_|.*\bkept\d*\b")

pytestmark = pytest.mark.skipif(
    postgres.programs() is None and "MLEAN_CONFORMANCE" not in os.environ, reason="PostgreSQL is not installed"
)


@pytest.fixture(scope="module")
def pg():
    assert postgres.programs(), "PostgreSQL is not installed; run ./dev conformance"
    with postgres.start() as live:
        yield live


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sql")


@pytest.fixture(scope="module")
def library(folder):
    return recording.build(folder, HERE / "record_sql.c")


@pytest.fixture(scope="module")
def record_unit(folder, library):
    """record_unit(room, filter): the databases of its unit tests."""

    def record(room, tests):
        binary = TOP / f"build/dev/mlean_{room}_test"
        assert binary.exists(), f"{binary} is not built; run ./dev build dev"
        path = folder / room
        env = os.environ | {"LD_PRELOAD": str(library), "MLEAN_SQL_RECORD": str(path), "MLEAN_LIB_DIR": str(TOP / ".deps/duckdb")}
        done = subprocess.run(
            [binary, "--gtest_brief=1", f"--gtest_filter={tests}"], cwd=folder, env=env, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return recording.read(path)

    return record


@pytest.fixture(scope="module")
def stores(record_unit):
    return {room: record_unit(room, tests) for room, tests in STORES.items()}


@pytest.fixture(scope="module")
def contract(record_unit):
    return record_unit("sql", "Contract*")


@pytest.fixture(scope="module")
def asked(mlean, folder, library):
    """The databases of a server, which is asked what the tests of SERVER ask it."""
    path = folder / "server"
    wrapper = folder / "mlean"
    wrapper.write_text(f'#!/bin/sh\nLD_PRELOAD={library} MLEAN_SQL_RECORD={path} exec {mlean} "$@"\n')
    wrapper.chmod(0o755)
    env = os.environ | {"MLEAN_BIN": str(wrapper), "MLEAN_LIB_DIR": os.environ.get("MLEAN_LIB_DIR", str(TOP / ".deps/duckdb"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SERVER]
    done = subprocess.run(command, cwd=TOP, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-4000:]
    return recording.read(path)


@pytest.fixture(scope="module")
def schema(pg, asked):
    """Every step of the schema, as the server ran them; the database `schema` of PostgreSQL has run them too."""
    pg.create("schema")
    pg.script("schema", dialect.SETUP)
    steps = recording.scripts(asked)
    for step in steps:
        pg.script("schema", dialect.postgres(step))
    return steps


def test_the_schema_is_the_same(pg, schema):
    """Tables, columns, whether they may be NULL, and indexes."""
    lite = sqlite3.connect(":memory:")
    for step in schema:
        lite.executescript(step)
    tables = [name for (name,) in lite.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
    assert len(tables) > 40
    wanted = set()
    for table in tables:
        for _, column, kind, not_null, _, key in lite.execute(f"PRAGMA table_info({table})"):
            kind = {"INTEGER": "bigint", "REAL": "double precision", "TEXT": "text"}[kind]
            wanted.add(f"{table}.{column} {kind} {'NO' if not_null or key else 'YES'}")
    columns = (
        "SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable) FROM information_schema.columns "
        "WHERE table_schema = 'public' AND column_name <> 'rowid'"
    )
    assert set(pg.script("schema", columns).splitlines()) == wanted
    made = {name for (name,) in lite.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")}
    assert made <= set(pg.script("schema", "SELECT indexname FROM pg_indexes").splitlines())


def test_rows_are_numbered_above_a_number_given_by_hand(pg, schema):
    """As AUTOINCREMENT does."""
    insert = "INSERT INTO experiments({}name, artifact_location, created, updated) VALUES({}'{}', '', 0, 0);"
    rows = [("", "", "a"), ("no, ", "50, ", "b"), ("", "", "c"), ("no, ", "7, ", "d"), ("", "", "e")]
    script = "BEGIN;" + "".join(insert.format(*row) for row in rows) + "SELECT no FROM experiments ORDER BY name;ROLLBACK;"
    assert pg.psql("schema", script).stdout.split() == ["0", "1", "50", "51", "7", "52"]


def refused(pg, database, statements):
    prepares = [f"PREPARE s{i} AS {dialect.postgres(text)}" for i, text in enumerate(statements)]
    return [f"{told}: {text}" for told, text in zip(pg.errors(database, prepares), statements) if told]


def test_every_statement_is_taken(pg, schema, stores, asked):
    statements = [text for databases in [*stores.values(), asked] for text in recording.statements(databases)]
    statements = [text for text in dict.fromkeys(statements) if not TAMPERING.match(text)]
    print(f"{len(statements)} statements, {len(schema)} steps of the schema")
    assert len(statements) > 700
    assert not refused(pg, "schema", statements)


def literals():
    """The statements that stand in the sources of the stores, by file. What a store makes piece by piece is only its beginning."""
    text = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
    for source in sorted(TOP.glob("src/**/*_store.cpp")):
        if source.parent.name.endswith("_mlflow"):
            continue  # of MLflow's database
        for match in re.finditer(rf"(?:{text.pattern}\s*)+", source.read_text()):
            sql = "".join(text.findall(match[0]))
            if re.match(r"(SELECT|INSERT|UPDATE|DELETE|WITH) ", sql):
                yield source.name, sql


def test_no_statement_is_overlooked(pg, schema, stores, asked):
    """What no test has run is prepared as it stands in the source; what is made piece by piece must have run."""
    seen = "\n".join({text for databases in [*stores.values(), asked] for text in recording.statements(databases)})
    unseen = {}
    for source, sql in literals():
        if not re.search(re.sub(r"\\\{\d*\\\}", ".*", re.escape(sql)), seen):
            unseen[sql] = source
    print(f"{len(unseen)} of {len(list(literals()))} have not run")
    assert not [f"{unseen[told.partition(': ')[2]]}: {told}" for told in refused(pg, "schema", list(unseen))]


def replayed(pg, name, databases):
    pg.create(name)
    compared = 0
    told = []
    for database in databases.values():
        if replay.fits(database):
            differences, count = replay.differences(pg, name, database, TAMPERING)
            told += differences
            compared += count
    print(f"{compared} answers compared")
    return told, compared


@pytest.mark.parametrize("room", STORES)
def test_the_stores_are_answered_the_same(pg, stores, room):
    told, compared = replayed(pg, f"store_{room}", stores[room])
    assert not told, "\n".join(told[:10])
    assert compared > 10


def test_the_contract_is_answered_the_same(pg, contract):
    """What contract_test.cpp and its like say of SQLite is true of PostgreSQL too, as far as it is in SQL."""
    told, compared = replayed(pg, "contract", contract)
    assert not told, "\n".join(told[:10])
    assert compared > 200


def test_no_job_goes_on_after_a_failed_statement(stores, asked):
    """PostgreSQL runs nothing more in a transaction in which a statement has failed."""
    gone_on = []
    for databases in [*stores.values(), asked]:
        for database in databases.values():
            failed = {}
            for event in database.events:
                if event.transaction:
                    failed.pop(event.connection, None)
                elif event.connection in failed and not TAMPERING.match(event.sql):
                    gone_on.append(f"{event.sql} after {failed[event.connection]}")
                elif event.code not in (recording.ROW, recording.DONE):
                    failed[event.connection] = event.sql
    assert not gone_on
