"""Asks a PostgreSQL what programs asked SQLite (recording.py), in the same order and with the same values, and compares what comes back:
rows and their order, counts of changed rows, kinds of errors.

Rows are compared in order where the statement orders them. A row that the database numbers gets the number it had in SQLite, since
numbers may have gaps. What readers saw while somebody wrote is left out, and databases that several threads used.
"""

import csv
import io
import re

import dialect
import recording

MOST_EVENTS = 4000
MARK = "\x1d"
NULL = "\x02"
UNIQUE, REFERENCE, NOT_NULL, CHECK, TRIGGER = "23505", "23503", "23502", "23514", "P0001"
SQLSTATES = {2067: UNIQUE, 1555: UNIQUE, 2579: UNIQUE, 787: REFERENCE, 1299: NOT_NULL, 275: CHECK, 1811: TRIGGER}
IDENTITY = re.compile(r"CREATE TABLE (\w+)\s*\(\s*(\w+) INTEGER PRIMARY KEY")
INSERT = re.compile(r"INSERT INTO (\w+)")
CHANGE = re.compile(r"INSERT|UPDATE|DELETE")


def fits(database):
    tampered = any(event.sql.startswith("DROP TRIGGER") for event in database.events)  # a test takes a protection away
    return len(database.threads) == 1 and len(database.events) <= MOST_EVENTS and not tampered


def _literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    return "'" + (repr(value) if isinstance(value, float) else str(value)).replace("'", "''") + "'"


def _is_odd(value):
    """No text of PostgreSQL: with a zero byte, or not UTF-8. The contract leaves it open what a database does with it."""
    return isinstance(value, str) and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value)


def _globs(sql):
    """The numbers of the parameters that are patterns of GLOB; one without a number has that of its place."""
    found = re.finditer(r"(GLOB )?\?(\d*)", sql)
    return {int(match[2] or place) for place, match in enumerate(found, 1) if match[1]}


def _unglob(pattern):
    """The pattern of LIKE that filter.cpp made one of GLOB of."""
    return re.sub(r"\[(.)\]|([*?])", lambda m: m[1] or {"*": "%", "?": "_"}[m[2]], pattern)


class Script:
    """What psql is to do for one database, and which of its answers belongs to which event."""

    def __init__(self, database, left_out):
        self.lines = []
        self.events = []
        self._identities = {}
        self._prepared = {}
        writer = None
        readers = {}  # connections in a read transaction; True: which does not see what was written meanwhile
        for event in database.events:
            if event.sql == "BEGIN":
                readers[event.connection] = writer is not None
            elif event.sql == "BEGIN IMMEDIATE":
                writer = event.connection
                readers = dict.fromkeys(readers, True)
                self.lines.append("BEGIN;")
            elif event.connection in readers:
                if event.transaction:
                    del readers[event.connection]
                elif not readers[event.connection]:
                    self._add(event)
            elif event.transaction:
                self.lines.append(event.sql + ";")
                if event.sql in ("COMMIT", "ROLLBACK"):
                    writer = None
            elif not left_out.match(event.sql):
                self._add(event)

    def _add(self, event):
        if event.script:
            self._identities |= dict(IDENTITY.findall(event.sql))
            self.lines.append(dialect.postgres(event.sql) + ";")
        elif any(map(_is_odd, [*event.values, *sum(event.rows, [])])):
            pass
        elif event.code in (recording.ROW, recording.DONE) or event.code in SQLSTATES:
            if event.sql not in self._prepared:
                self._prepared[event.sql] = f"s{len(self._prepared)}"
                self.lines.append(f"PREPARE {self._prepared[event.sql]} AS {dialect.postgres(event.sql)};")
            insert = INSERT.match(event.sql)
            first = event.rowid - event.changes + 1
            if insert and insert[1] in self._identities and event.changes > 0 and first > 0:
                sequence = f"pg_get_serial_sequence('{insert[1]}', '{self._identities[insert[1]]}')"
                self.lines.append(f"DO $$ BEGIN PERFORM setval({sequence}, {first}, false); END $$;")
            globs = _globs(event.sql)
            values = [_unglob(v) if i in globs else v for i, v in enumerate(event.values, 1)]
            values = f"({', '.join(map(_literal, values))})" if values else ""
            execute = f"EXECUTE {self._prepared[event.sql]}{values};"
            self.lines += [f"\\echo {MARK}begin", execute, f"\\echo {MARK}end :SQLSTATE :ROW_COUNT"]
            self.events.append(event)


def _same(value, cell):
    if value is None or cell == NULL:
        return value is None and cell == NULL
    if isinstance(value, bytes):
        return cell == "\\x" + value.hex()
    if isinstance(value, str):
        return cell == value
    return float({"t": 1, "f": 0}.get(cell, cell)) == value if isinstance(value, float) or cell in "tf" else int(cell) == value


def _same_row(row, cells):
    return len(row) == len(cells) and all(map(_same, row, cells))


def difference(event, rows, sqlstate, count):
    """Nothing, or what is different."""
    if event.code in SQLSTATES:
        return None if sqlstate == SQLSTATES[event.code] else f"{sqlstate}, not {SQLSTATES[event.code]}"
    if sqlstate != "00000":
        return f"error {sqlstate}"
    if CHANGE.match(event.sql):
        return None if int(count) == event.changes else f"{count} rows changed, not {event.changes}"
    if event.code == recording.DONE and len(rows) != len(event.rows):
        return f"{len(rows)} rows, not {len(event.rows)}"
    left = list(rows)
    for i, row in enumerate(event.rows):
        if "ORDER BY" in event.sql:
            found = i if i < len(rows) and _same_row(row, rows[i]) else None
        else:
            found = next((j for j, cells in enumerate(left) if _same_row(row, cells)), None)
            if found is not None:
                del left[found]
        if found is None:
            return f"not row {i}, {row}: {rows[:20]}"
    return None


def differences(server, name, database, left_out):
    """What PostgreSQL answers otherwise, as texts, and how many statements were compared. Statements that match `left_out` are not."""
    script = Script(database, left_out)
    head = ["DROP SCHEMA public CASCADE; CREATE SCHEMA public;", dialect.SETUP]
    lines = "\n".join([*head, *script.lines]) + "\n"
    done = server.psql(name, lines, "--csv", "-v", "ON_ERROR_ROLLBACK=on", "-P", f"null={NULL}")
    answers = csv.reader(io.StringIO(done.stdout, newline=""))
    out = []
    rows = []
    events = iter(script.events)
    compared = 0
    for cells in answers:
        if cells and cells[0] == MARK + "begin":
            rows = []
        elif cells and cells[0].startswith(MARK + "end "):
            _, sqlstate, count = cells[0].split()
            event = next(events)
            compared += 1
            told = difference(event, rows, sqlstate, count)
            if told:
                out.append(f"{event.sql}\n  {event.values}: {told}")
        else:
            rows.append(cells)
    if compared != len(script.events):
        out.append(f"psql stopped: {done.stderr[-2000:]}")
    if out:
        out.append("PostgreSQL said: " + "\n".join(line for line in done.stderr.splitlines() if "ERROR" in line)[:2000])
    return out, compared
