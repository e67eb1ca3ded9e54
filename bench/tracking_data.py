"""What the tracking servers are filled with before they are asked: the same rows on both sides, put straight into each one's own SQLite tables.

Runs and versions are made of numbers only, so that both sides get the same without keeping a list: `value(run, key)` is spread evenly over [0, 1).
Histories of metrics are filled only where a case asks for one; a search does not read them.
"""

import contextlib
import sqlite3

KEYS = [f"m{number:02}" for number in range(20)]
START_MS = 1_700_000_000_000


def run_id(number):
    return f"{number:032x}"


def value(run, key):
    """No two keys go up and down together."""
    mixed = ((run << 8) + key) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ mixed >> 29) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    return (mixed >> 11) / (1 << 53)


def depth(run):
    return str(run % 16)


@contextlib.contextmanager
def filling(path):
    """A transaction that nobody waits for: the disk is waited for when it ends."""
    with contextlib.closing(sqlite3.connect(path, timeout=60)) as database:
        database.execute("PRAGMA synchronous=OFF")
        with database:
            yield database
        database.execute("PRAGMA synchronous=FULL")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def latest(runs, key_name, run_name):
    return ((run_name(run), key_name(key), value(run, key), 0, START_MS, 0) for run in range(runs) for key in range(len(KEYS)))


class Mlean:
    """Its tables: src/track/migrations.cpp and src/registry/migrations.cpp."""

    @staticmethod
    def key(database, name):
        database.execute("INSERT OR IGNORE INTO metric_keys(key) VALUES(?)", (name,))
        return database.execute("SELECT no FROM metric_keys WHERE key = ?", (name,)).fetchone()[0]

    @staticmethod
    def experiment(database, number, name):
        database.execute("INSERT INTO experiments(no, name, artifact_location, created, updated) VALUES(?, ?, '/a', 0, 0)", (number, name))

    @staticmethod
    def runs(database, experiment, runs):
        first = database.execute("SELECT coalesce(max(no), 0) + 1 FROM runs").fetchone()[0]
        database.executemany(
            "INSERT INTO runs(no, run_id, experiment, name, user_id, status, start_time, end_time, artifact_uri) VALUES(?, ?, ?, ?, 'bench', 3, ?, ?, '/a')",
            ((first + n, run_id(n), experiment, f"run-{n}", START_MS + n, START_MS + n + 1) for n in range(runs)),
        )
        keys = [Mlean.key(database, name) for name in KEYS]
        database.executemany(
            "INSERT INTO latest_metrics(run, key, value, is_nan, time, step) VALUES(?, ?, ?, ?, ?, ?)", latest(runs, lambda k: keys[k], lambda n: first + n)
        )
        database.executemany("INSERT INTO params(run, key, value) VALUES(?, 'depth', ?)", ((first + n, depth(n)) for n in range(runs)))

    @staticmethod
    def history(database, run, points):
        number = database.execute("SELECT no FROM runs WHERE run_id = ?", (run,)).fetchone()[0]
        key = Mlean.key(database, "long")
        database.executemany(
            "INSERT INTO metrics(run, key, time, step, value, is_nan) VALUES(?, ?, ?, ?, ?, 0)",
            ((number, key, START_MS + n, n, value(n, 0)) for n in range(points)),
        )

    @staticmethod
    def versions(database, models, each):
        for model in range(models):
            number = database.execute(
                "INSERT INTO models(name, description, created, updated, last_version) VALUES(?, '', ?, ?, ?)", (f"model-{model:03}", START_MS, START_MS + model, each)
            ).lastrowid
            database.executemany(
                "INSERT INTO model_versions(model, version, created, updated, description, source, run_id, run_link, logged_model_id, user_id, status, digest, "
                "path, size, schema, gate_report) VALUES(?, ?, ?, ?, '', ?, ?, '', '', 'bench', 'READY', '', '', 0, '', '')",
                ((number, v, START_MS + v, START_MS + (v * 7919 + model * 31) % 100_003, f"s3://b/{model}/{v}", run_id(v)) for v in range(1, each + 1)),
            )
        database.execute(
            "INSERT INTO version_tags(version_no, key, value) SELECT no, 'team', CASE version % 4 WHEN 0 THEN 'ops' ELSE 'lab' END FROM model_versions"
        )


class Mlflow:
    """MLflow 3's tables."""

    @staticmethod
    def experiment(database, number, name):
        database.execute(
            "INSERT INTO experiments(experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time) VALUES(?, ?, '/a', 'active', 0, 0)",
            (number, name),
        )

    @staticmethod
    def runs(database, experiment, runs):
        database.executemany(
            "INSERT INTO runs(run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id) "
            "VALUES(?, ?, 'LOCAL', 'bench', 'FINISHED', ?, ?, 'active', '/a', ?)",
            ((run_id(n), f"run-{n}", START_MS + n, START_MS + n + 1, experiment) for n in range(runs)),
        )
        database.executemany(
            "INSERT INTO latest_metrics(run_uuid, key, value, is_nan, timestamp, step) VALUES(?, ?, ?, ?, ?, ?)", latest(runs, KEYS.__getitem__, run_id)
        )
        database.executemany("INSERT INTO params(run_uuid, key, value) VALUES(?, 'depth', ?)", ((run_id(n), depth(n)) for n in range(runs)))

    @staticmethod
    def history(database, run, points):
        database.executemany(
            "INSERT INTO metrics(run_uuid, key, timestamp, step, value, is_nan) VALUES(?, 'long', ?, ?, ?, 0)",
            ((run, START_MS + n, n, value(n, 0)) for n in range(points)),
        )

    @staticmethod
    def versions(database, models, each):
        database.executemany(
            "INSERT INTO registered_models(name, creation_time, last_updated_time, description) VALUES(?, ?, ?, '')",
            ((f"model-{model:03}", START_MS, START_MS + model) for model in range(models)),
        )
        numbers = [(model, v) for model in range(models) for v in range(1, each + 1)]
        database.executemany(
            "INSERT INTO model_versions(name, version, creation_time, last_updated_time, description, user_id, current_stage, source, run_id, status) "
            "VALUES(?, ?, ?, ?, '', 'bench', 'None', ?, ?, 'READY')",
            ((f"model-{m:03}", v, START_MS + v, START_MS + (v * 7919 + m * 31) % 100_003, f"s3://b/{m}/{v}", run_id(v)) for m, v in numbers),
        )
        database.executemany(
            "INSERT INTO model_version_tags(name, version, key, value) VALUES(?, ?, 'team', ?)",
            ((f"model-{m:03}", v, "ops" if v % 4 == 0 else "lab") for m, v in numbers),
        )
