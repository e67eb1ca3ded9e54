"""Makes docs/cli.md from the help of the program: python3 docs/make_cli.py build/mlean > docs/cli.md"""

import re
import subprocess
import sys

PROGRAM = sys.argv[1]
HEAD = """# Command line
Made by `docs/make_cli.py` from the program's own help; do not edit.

`mlean [-C DIR] VERB [OPTIONS]`. Every verb takes `-h`, `--help`; `--json` for a machine-readable result on stdout; `-q`, `--quiet` for no progress and notes; `-C DIR` to act in another folder. Results go
to stdout, progress and errors to stderr. A progress bar appears only on a terminal; colour only on a terminal and without `NO_COLOR`.

An error is a line *cannot VERB OBJECT: CAUSE* and, where there is one, a line with the command that mends it; with `--json` an object `{"error", "exit", "fix"}` on stderr.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | failed |
| 2 | usage: the command line, or a suite, is wrong |
| 4 | not found |
| 5 | busy or conflict |
| 6 | denied by checks, gate or policy; the audit chain is broken |
| 130 | interrupted |

| environment | meaning |
| --- | --- |
| `MLEAN_LOG` | least level that is logged: `debug info warn error off` |
| `MLEAN_LIB_DIR` | folder of `libduckdb.so` and other libraries opened on first use |
| `MLEAN_CLOCK` | file of a simulated clock ([adr/0010](adr/0010-clock-in-a-file.md)) |
| `MLEAN_FLIGHTS_DIR` | folder of `flights.csv` and `weather.csv` for the demo |
"""
# What --json gives; verbs that are not here print what they print without it.
JSON = {
    "init": "{model, data, rows, labelled, task, label, classes, features, left_out[{column, why}], slices, files}",
    "loop run": "{id, number, model, cause, detail, status, outcome, created, ended, run_id, version, rollout_id}",
    "loop status": "the same with steps[{name, status, started, ended, wall_ms, attempts, message, outputs}]; null without a turn",
    "loop history": "a list of turns",
    "validate": "as --format json",
    "profile": "the suite (with and without --json)",
    "train": "the metrics as written to the metrics file",
    "gate": "{allowed, decisions[{expression, allowed, passed_over, reason}]}",
    "predict": "{rows, file}",
    "models list": "[{name, aliases, description}]",
    "models show": "[{model, version, stage, aliases, created, description, source, run_id, digest, size, gate_report}]",
    "models register": "the version, as in models show",
    "rollout status": "[{id, model, candidate_version, champion_version, strategy, status, step, weight, started, ended, reason, evidence, verdict}]",
    "monitor status": "[{model, from, to, computed, report}]",
    "labels add": "{added, changed, same}",
    "predictions export": "{rows, file}",
    "runs list": "[{run_id, name, experiment_id, status, start_time, metrics, params, tags, inputs}]",
    "runs show": "one run, as in runs list",
    "users add": "{name, admin, created}",
    "users list": "[{name, admin, created}]",
    "users remove": "{removed}",
    "users password": "{changed}",
    "users admin": "{name, admin}",
    "tokens create": "{id, user, note, read_only, created, expires, token}",
    "tokens list": "[{id, user, note, read_only, created, expires}]",
    "tokens revoke": "the token that was, as in tokens list",
    "audit log": "[{seq, time, actor, action, object, detail, hash}]",
    "audit verify": "{events, intact} and, when broken, {first_bad_seq, why}",
    "demo flights": "{months, turns, audit}: see demo.md",
    "version": "{version}",
}
COMMON = ("-h,--help", "--json", "-q,--quiet", "-C DIR")


def run_help(*words):
    return subprocess.run([PROGRAM, *words, "--help"], capture_output=True, text=True, check=True).stdout


def cell(text):
    return text.replace("|", "\\|")


def verb_page(verb):
    text = run_help(*verb.split())
    about, rest = text.split("\nUsage: ", 1)
    usage = rest.splitlines()[0].replace(" [OPTIONS]", "", 1)
    out = [f"## {verb}", about.strip(), "", f"`{usage} [OPTIONS]`", ""]
    rows = []
    section = ""
    lines = rest.splitlines()
    for line, following in zip(lines[1:], [*lines[2:], ""]):
        if re.match(r"^\w[\w ]*:", line):
            section = line.split(":")[0]
        # The texts begin in column 30: one blank is enough in front of it.
        entry = re.match(r"^  (\S.*?)(?:\s{2,}|(?<=^.{29}) )(\S.*)$", line)
        if line.startswith("  -") and following.startswith(" " * 30) and not entry:  # a long name, the text on the next line
            entry = ["", line.strip(), following.strip()]
        if section in ("Options", "Positionals") and entry and entry[1] not in COMMON:
            rows.append(f"| `{cell(entry[1])}` | {cell(entry[2])} |")
    if rows:
        out += ["| | |", "| --- | --- |", *rows, ""]
    if "\nExamples:\n" in text:
        examples = text.split("\nExamples:\n")[1].split("\n\nExit codes:")[0]
        out += ["```sh", *(line.strip() for line in examples.splitlines() if line.strip()), "```", ""]
    if verb in JSON:
        out += [f"`--json`: {JSON[verb]}.", ""]
    out += ["Exit codes: " + text.split("Exit codes: ")[1].strip() + "."]
    return "\n".join(out)


def main():
    overview = run_help()
    verbs = re.findall(r"^  (\w[\w -]*?)\s{2,}(\S.*)$", overview, re.M)
    print(HEAD)
    print("| verb | |\n| --- | --- |")
    for verb, summary in verbs:
        print(f"| [{verb}](#{verb.replace(' ', '-')}) | {cell(summary)} |")
    for verb, _ in verbs:
        print("\n" + verb_page(verb))


main()
