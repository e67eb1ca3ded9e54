"""What programs asked of mlean's own databases, as record_sql.c wrote it down.

A database is our own when it was asked for the table mlean_migrations: another program's, such as MLflow's, is not. The words of
SQLite itself (PRAGMA …, its list of tables) and the list of migrations are the backend's own and are not kept, transactions apart.
"""

import dataclasses
import re
import subprocess

TRANSACTION = re.compile(r"BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE")
BACKENDS_OWN = re.compile(r"PRAGMA\b|.*\b(mlean_migrations|sqlite_master)\b", re.DOTALL)
ROW, DONE = 100, 101


@dataclasses.dataclass
class Event:
    """A script, a statement with its values and what came of it, or a word about transactions."""

    connection: str
    sql: str
    script: bool = False
    transaction: bool = False
    values: list = dataclasses.field(default_factory=list)
    rows: list = dataclasses.field(default_factory=list)
    code: int = ROW  # ROW: the program did not want the rest of the rows
    changes: int = 0
    rowid: int = 0


@dataclasses.dataclass
class Database:
    own: bool = False
    events: list = dataclasses.field(default_factory=list)
    threads: set = dataclasses.field(default_factory=set)


def build(folder, source):
    library = folder / "record_sql.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source], check=True)
    return library


def _value(field):
    kind, data = field[0], b"" if field[1:] == "-" else bytes.fromhex(field[1:])
    if kind == "n":
        return None
    return {"i": int, "f": float, "t": lambda d: d.decode(errors="surrogateescape"), "b": bytes}[kind](data)


def read(path):
    """Databases by the name of their file."""
    databases = {}
    prepared = {}  # statement: (database, connection, sql)
    bound = {}  # statement: values by number
    running = {}  # statement: the event it is in the middle of
    with open(path, encoding="ascii") as lines:
        for line in lines:
            kind, *fields = line.split()
            if kind in "px":
                thread, *statement, file, connection, sql = fields
                sql = _value(sql).strip()
                database = databases.setdefault(_value(file), Database())
                database.own = database.own or "mlean_migrations" in sql
                database.threads.add(thread)
                if kind == "x":
                    if not BACKENDS_OWN.match(sql):
                        database.events.append(Event(connection, sql, script=True))
                else:
                    prepared[statement[0]] = (database, connection, sql)
                    bound[statement[0]] = {}
                    running.pop(statement[0], None)
            elif kind == "b":
                bound.setdefault(fields[0], {})[int(fields[1])] = _value(fields[2])
            elif kind == "r":
                running.pop(fields[0], None)
            elif fields[1] in prepared:
                thread, statement, code, changes, rowid, *row = fields
                database, connection, sql = prepared[statement]
                database.threads.add(thread)
                if statement not in running:
                    values = [value for _, value in sorted(bound[statement].items())]
                    running[statement] = Event(connection, sql, transaction=bool(TRANSACTION.match(sql)), values=values)
                    if not BACKENDS_OWN.match(sql):
                        database.events.append(running[statement])
                event = running[statement]
                event.code, event.changes, event.rowid = int(code), int(changes), int(rowid)
                if event.code == ROW:
                    event.rows.append([_value(field) for field in row])
                else:
                    del running[statement]
    return {name: database for name, database in databases.items() if database.own}


def statements(databases):
    """Each text once."""
    texts = (e.sql for d in databases.values() for e in d.events if not e.script and not e.transaction)
    return list(dict.fromkeys(texts))


def scripts(databases):
    return list(dict.fromkeys(e.sql for d in databases.values() for e in d.events if e.script))
