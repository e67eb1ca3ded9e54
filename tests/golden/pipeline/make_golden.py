"""What DVC 3.67.1 makes of stage files: golden values for the pipeline room.

Writes, a line a case:
  resolve.jsonl   {"files", "stages" | "error"}     dvc.yaml with templates; stages as DVC has them, or its error
  errors.jsonl    {"name", "text", "shown"}         what DVC prints on stderr of a broken file
  dvc_files.jsonl {"text", "change", "dump", "md5"} a .dvc file read, changed and written again
  locks.jsonl     {"text", "puts", "dump"}          dvc.lock with entries put
  edits.jsonl     {"files", "add" | "remove", "dump" | "error"} dvc.yaml after `stage add` or `remove`
  params.jsonl    {"name", "text", "values" | "error"}
  targets.jsonl   {"target", "file", "name" | "error"}
  runs.jsonl      {"steps": [...]}                  transcripts of `repro` and `status`, see RUNS
Run in an environment with dvc 3.67.1: python make_golden.py [part …]
"""

import contextlib
import io
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.update(DVC_NO_ANALYTICS="1", COLUMNS="80", SHELL="/bin/sh")
HERE = Path(__file__).resolve().parent

from dvc.exceptions import DvcException, PrettyDvcException  # noqa: E402
from dvc.repo import Repo  # noqa: E402
from dvc.utils import dict_md5, parse_target  # noqa: E402
from dvc.utils.collections import apply_diff  # noqa: E402
from dvc.utils.serialize import PARSERS, dumps_yaml, parse_yaml, parse_yaml_for_update  # noqa: E402

logging.disable(logging.CRITICAL)


def write(name, rows):
    with open(HERE / name, "w", encoding="utf-8") as file:
        for row in rows:
            # Colours are for terminals.
            file.write(re.sub(r"\\u001b\[[0-9;]*m", "", json.dumps(row, ensure_ascii=False)) + "\n")
    print(name, len(rows))


@contextlib.contextmanager
def project(files):
    before = os.getcwd()
    root = tempfile.mkdtemp()
    os.chdir(root)
    with contextlib.redirect_stdout(io.StringIO()):
        Repo.init(no_scm=True).close()
    for name, text in files.items():
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    try:
        yield root
    finally:
        os.chdir(before)
        shutil.rmtree(root)


# ---- templates

PARAMS = """\
a: 1
l: [1, 2]
d: {x: 1, y: [1, {z: 2}]}
n: null
f: 1e-7
t: true
s: hi
m: {k1: {v: 1}, k2: {v: 2}, 3: {v: 4}}
fl: [true, 2.5, null, x y]
opts: {epochs: 3, flag: true, 'off': false, lst: [1, 2, 'a b'], name: "a b", nested: {x: 1, e: {}}, none: null, f: 1e-5, el: [],
  tl: [true, null, 1.0], q: "it's", p: a-b_c.d/e@f%g+h=i:j}
bad: {l: [{a: 1}]}
"""


def stage_cases():
    one = lambda body, **files: {"dvc.yaml": "stages:\n" + body, "params.yaml": PARAMS, **files}  # noqa: E731
    commands = ["${a}", "e ${}", "e ${a.}", "e ${a..b}", "e ${a[}", "e ${a]}", "e ${l[0]}", "e ${l.0}", "e ${ a }", "e ${l[5]}",
                "e ${l[x]}", "e ${d.q}", "e ${a.b}", "e ${l}", "e ${d}", "e ${d.y}", "e ${n} ${f} ${t} ${s}", "e ${zz", "e \\${a}",
                "e ${a b}", "e ${a[0].b]}", "e ${.a}", "e ${l[-1]}", "e ${l[ 0 ]}", "e ${d . x}", "e ${opts}", "${opts}", "e ${bad}",
                "e ${d.y[1].z}", "x${s}${a}y", "e ${a}}", "e $${a}", "e \\\\${a}", "e ${q} ${a", "${l}", "e ${a[0] }", "e ${d.y[0]  x}"]
    for command in commands:
        yield one("  st:\n    cmd: '%s'\n" % command)
    for extra in ["deps: ['${l}', '${s}']", "deps: ['${s}/${a}']", "outs: ['${d}']", "outs: ['${s}': {cache: false}]",
                  "metrics: ['${s}.json': {cache: '${t}'}]", "desc: 'a ${q} b'", "wdir: '${q}'", "wdir: '${s}'", "frozen: true",
                  "vars: [{a: 5}]", "vars: [{zz: '${b}'}]", "vars: [gone.yaml]", "vars: [{zz: 7}]\n    desc: '${zz}'",
                  "params: ['${s}', {'${s}.yaml': ['${s}']}, {'q.yaml': }, lr, a.b]", "params: [{params.yaml: }, lr, {q: [a]}, {q: }]",
                  "params: [x, {params.yaml: [y]}, z]", "meta: {a: ['${a}', b]}", "outs: [./o/../p, o, o: {persist: true}]",
                  "plots: [p.csv: {y: b, x: a, template: simple, title: '${s}', header: false}, q.csv]",
                  "outs: [o: {desc: d, type: t, labels: [a, b], meta: {k: 1}, remote: r, push: false}]",
                  "always_changed: true", "plots: [p.csv: [{x: a}]]", "deps: ['ds://name', 's3://b/x', /abs/x]"]:
        yield one("  st:\n    cmd: x\n    %s\n" % extra)
    yield one("  st:\n    cmd: [a, 'b ${s}']\n")
    yield one("  st:\n    cmd: |\n      a\n\n      b ${s}\n")
    yield one("  st:\n    cmd: a\n    wdir: w/v\n    deps: [x, ../y, ../../z]\n    outs: [o]\n")
    for foreach in ["[a, b, true, 2.5, null, 1]", "[{c: 1}, {c: 2}]", "${m}", "'${fl}'", "'${a}'", "'x${a}'", "'${q}'", "'${q..}'",
                    "{a: 1, b: 2}", "[]", "'${l}'", "['${s}', '${a}']", "{'${s}': '${d}'}", "'${opts}'"]:
        for use in ["${item}", "${key}", "x", "${item.c}", "${q..}"]:
            yield one("  g:\n    foreach: %s\n    do:\n      cmd: e %s\n" % (foreach, use))
    yield one("  g:\n    foreach: [1]\n    do:\n      cmd: e\n      vars: [{item: 2}]\n")
    yield one("  g:\n    foreach: [1]\n    do:\n      cmd: e ${z}\n      vars: [{z: 2}]\n")
    yield one("  g:\n    foreach: {a: 1, b: 2}\n    do:\n      cmd: e ${key} ${item}\n      deps: ['x${key}']\n"
              "      outs: ['y${key}': {cache: false}]\n      wdir: ${key}\n")
    yield one("  g:\n    foreach: {a: {n: 1}, b: {n: 2}}\n    do:\n      cmd: e ${key} ${item.n}\n      frozen: true\n  h: {cmd: 'x ${a}'}\n")
    for matrix in ["{m: [a, b], n: [1, 2.5, {q: 1}, [1]], o: '${l}'}", "{m: [a, b], n: '${d.y}'}", "{m: x}", "{m: []}", "{m: [1]}",
                   "{m: '${fl}', n: [true]}", "{m: ['${s}'], '${s}': [1]}", "{m: '${q}'}"]:
        for use in ["${item.m} ${key}", "x", "${item.q}", "${item.n}"]:
            yield one("  g:\n    matrix: %s\n    cmd: e %s\n" % (matrix, use))
    yield one("  g:\n    matrix: {m: [a, b], n: [1, 2]}\n    cmd: e ${item.m}\n    deps: ['d${item.n}']\n    outs: ['${key}']\n")
    yield one("  g@1:\n    cmd: e\n")


def vars_cases():
    use = "stages:\n  st:\n    cmd: e ${a} ${b.c}\n"
    base = {"params.yaml": "a: 1\n", "p2.yaml": "b: {c: 2}\ne: 3\n", "p.json": '{"b": {"c": 1.0}}', "p.toml": "[b]\nc = 'x y'\n",
            "p.py": "class b:\n    c = 'p'\n", "list.yaml": "- 1\n", "broken.yaml": "a: [1\n", "date.yaml": "x:\n  y: 2020-01-01\n"}
    for vars_ in ["[p2.yaml]", "[p.json]", "[p.toml]", "[p.py]", "['p2.yaml:b']", "['p2.yaml:e']", "['p2.yaml:b,e']", "[{b: {c: 5}}]",
                  "[{b: {d: 5}}, {b: {c: 6}}]", "[{b: {c: 5}}, {b: {c: 6}}]", "[{a: 2}]", "[params.yaml, p2.yaml]",
                  "['params.yaml:a', p2.yaml]", "[gone.yaml]", "['p2.yaml:b', 'p2.yaml:b']", "['p2.yaml:b', p2.yaml]",
                  "[p2.yaml, 'p2.yaml:b']", "['p2.yaml:b', 'p2.yaml:e']", "['p2.yaml:zz']", "[list.yaml]", "[broken.yaml]", "[date.yaml]",
                  "[sub]", "['${a}']", "[{b: '${a}'}]", "[{item: 1, b: {c: 1}}]", "[p2.yaml, p.json]", "[p2.yaml, ./p2.yaml]"]:
        yield {"dvc.yaml": "vars: %s\n%s" % (vars_, use), "sub/x": "", **base}
    yield {"dvc.yaml": use}
    yield {"sub/dvc.yaml": "vars: [../p2.yaml]\n" + use, "sub/params.yaml": "a: 7\n", **base}
    yield {"sub/dvc.yaml": "vars: [../params.yaml]\n" + use, "sub/params.yaml": "a: 7\n", **base}
    yield {"sub/dvc.yaml": use, **base}
    yield {"dvc.yaml": "stages:\n  st:\n    cmd: x ${e}\n    wdir: w\n    vars: [q.yaml, ../p2.yaml]\n", "w/q.yaml": "q: 1\n", **base}
    yield {"dvc.yaml": "vars: ['p2.yaml:b']\nstages:\n  st:\n    cmd: x\n    vars: [p2.yaml]\n", **base}
    yield {"dvc.yaml": "stages:\n  st:\n    cmd: x\n    vars: [{a: 2}]\n", **base}
    for top in ["metrics: ['${q}']", "metrics: [m.json, '${a}']", "artifacts: {'${q}': {path: x}}", "artifacts: {x: {path: 'p${a}'}}",
                "artifacts: {x: {path: '${q}'}}", "plots: ['${q..}']", "plots: [{'p${a}': {x: a, y: {f: [b]}}}, z.csv]",
                "params: ['p${a}.yaml']", "datasets: [{name: 'n${a}', url: x, type: dvc}]"]:
        yield {"dvc.yaml": top + "\n", **base}


def graph_cases():
    yield {"dvc.yaml": "stages:\n  a: {cmd: a, outs: [x, x/y]}\n"}
    yield {"dvc.yaml": "stages:\n  a: {cmd: a, outs: [x], metrics: [x]}\n"}
    yield {"dvc.yaml": "stages:\n  a: {cmd: a, outs: [x/z/y]}\n  b: {cmd: b, outs: [x]}\n"}
    yield {"dvc.yaml": "stages:\n  a: {cmd: a, outs: [x], deps: [x]}\n"}
    yield {"dvc.yaml": "stages:\n  a: {cmd: a, outs: [sub]}\n", "sub/dvc.yaml": "stages:\n  b: {cmd: b}\n"}
    yield {"dvc.yaml": "stages:\n  a: {cmd: a, deps: [x/y]}\n  b: {cmd: b, outs: [x]}\n  c: {cmd: c, deps: [x], outs: [z]}\n"}
    yield {"dvc.yaml": "stages:\n  a: {cmd: a, deps: [x]}\n  b: {cmd: b, outs: [x/b]}\n  c: {cmd: c, outs: [x/a/2]}\n"
                       "  d: {cmd: d, outs: [x/a/1]}\n  e: {cmd: e, outs: [x-y]}\n"}
    yield {"dvc.yaml": "stages:\n  e: {cmd: e, deps: [model/m, d], metrics: [s]}\n  t: {cmd: t, deps: [d/x], outs: [model]}\n"
                       "  p: {cmd: p, outs: [d], params: [{q.yaml: [a]}]}\n  o: {cmd: o, wdir: w, deps: [../s]}\n"
                       "  q: {cmd: q, outs: [q.yaml]}\n"}
    yield {"dvc.yaml": "stages:\n  a: {cmd: a, deps: [b], frozen: true}\n  b: {cmd: b, outs: [b]}\n  c: {cmd: c, deps: [a, b]}\n"}
    yield {"dvc.yaml": "stages:\n  b: {cmd: b, deps: [data], outs: [o]}\n",
           "data.dvc": "outs:\n- md5: d8e8fca2dc0f896fd7cb4cb0031ba249\n  size: 5\n  hash: md5\n  path: data\n"}


def stage_row(stage):
    from dvc.dependency import ParamsDependency
    from dvc.stage import PipelineStage

    row = {"name": stage.addressing, "cmd": stage.cmd, "wdir": os.path.relpath(stage.wdir, stage.repo.root_dir),
           "frozen": bool(stage.frozen), "always_changed": bool(stage.always_changed), "desc": str(stage.desc or ""), "meta": stage.meta}
    row["deps"] = [[d.def_path, sorted(d.params)] if isinstance(d, ParamsDependency) else d.def_path for d in stage.deps]
    row["outs"] = [{"path": o.def_path, "cache": o.use_cache, "persist": o.persist, "metric": bool(o.metric), "plot": bool(o.plot),
                    "props": o.plot if isinstance(o.plot, dict) else None, "push": o.can_push, "remote": o.remote or "",
                    "notes": o.annot.to_dict(), "location": o.fs_path if o.protocol != "local" else
                    os.path.relpath(o.fs_path, stage.repo.root_dir)} for o in stage.outs]
    if isinstance(stage, PipelineStage):
        row["group"] = stage.raw_data.generated_from or ""
        row["parametrized"] = stage.raw_data.parametrized
        row["vars"] = {os.path.normpath(k): dict(v) for k, v in stage.tracked_vars.items()}
    return row


def resolve(files):
    from dvc.repo.reproduce import get_active_graph, plan_repro

    with project(files) as root:
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                repo = Repo(root)
                stages = repo.index.stages
                graph = repo.index.graph
            return {"files": files, "stages": [stage_row(s) for s in stages],
                    "plan": [s.addressing for s in plan_repro(get_active_graph(graph))],
                    "top": {name: list(getattr(repo.index, "_" + name).values()) for name in ("metrics", "params", "plots", "artifacts",
                                                                                              "datasets")}}
        except DvcException as exc:
            return {"files": files, "error": str(exc).replace(root, "ROOT")}
        except TypeError as exc:
            return {"files": files, "error": "unexpected error - " + str(exc)}
        except Exception:  # a crash: nothing to compare with
            return None


# ---- broken files

LONG = "echo this is a rather long command line that goes on and on and on until it is far beyond eighty columns wide"


def broken():
    dvc_yaml = ["stages:\n  a:\n    cmd: %s\n    dep: [x]\n    outs:\n      - {m: {cach: true}}\n  b: 5\n  c:\n    deps: [1]\n" % LONG,
                "stages:\n  a:\n    cmd: \"x\n  b: [\n", "stages:\n  a:\n\tcmd: x\n", "[1,2]\n", "hello\n", "stages: 5\n", "stages:\n- a\n",
                "stages:\n  a: {cmd: x, cmd: y}\n", "stages:\n  a:\n    cmd: x\n  a:\n    cmd: y\n", "<<<<<<< ours\na: 1\n=======\nb\n",
                "stages:\n  a:\n    cmd: 1\n", "stages:\n  a:\n    cmd: {a: 1}\n", "stages:\n  a:\n    cmd:\n", "stages:\n  a:\n",
                "stages:\n  a:\n    foreach: 1\n    do: {cmd: x}\n", "stages:\n  a:\n    foreach: [1]\n", "stages:\n  a:\n    do: {cmd: x}\n",
                "stages:\n  a:\n    foreach: [1]\n    do: {cmd: x, foo: 1}\n    cmd: y\n", "stages:\n  a:\n    matrix: [1]\n    cmd: x\n",
                "stages:\n  a:\n    matrix: {x: 1}\n    cmd: x\n", "stages:\n  a:\n    cmd: x\n    outs: [{o: 1}]\n",
                "stages:\n  a:\n    cmd: x\n    outs: [{o: {cache: 1, persist: x}}]\n", "stages:\n  a:\n    cmd: x\n    outs: {o: 1}\n",
                "stages:\n  a:\n    cmd: x\n    plots: [{o: {xx: 1}}]\n", "stages:\n  a:\n    cmd: x\n    plots: [{o: [{xx: 1}]}]\n",
                "stages:\n  a:\n    cmd: x\n    plots: [{o: 5}, 6]\n", "stages:\n  a:\n    cmd: x\n    vars: [5]\n", "vars: {a: 1}\n",
                "stages:\n  a:\n    cmd: x\n    params: [5, [1]]\n", "stages:\n  a:\n    cmd: x\n    frozen: 1\n    desc: 5\n    meta: 5\n",
                "stages:\n  a:\n    cmd: x\n    wdir:\n    deps:\n", "plots: {a: 1}\n", "plots: [{}]\n", "plots: [{a: {x: 1}}]\n",
                "plots: [{a: {y: {f: [1]}}}]\n", "plots: [{a: {y: [1], z: 1}}]\n", "artifacts: {a: {}}\n", "artifacts: [a]\n",
                "artifacts: {a: {path: x, labels: [1], foo: 1}}\n", "metrics: a\n", "metrics: [1]\n", "params: [1]\n", "foo: 1\nbar: 2\n",
                "stages:\n  a:\n    cmd: x\n    deps:\n      - 1\n      - b\n      -\n", "stages:\n  a:\n    cmd: x\n    deps: [[a]]\n",
                "stages:\n  a:\n    cmd: x\n\n\n    # comment\n    foo: |\n      a\n      b\n", "# c\nstages:\n\n  a:\n    cmds: x\n",
                "stages:\n  a:\n    cmd: x\n    outs:\n    - o:\n        cache: maybe\n        a_rather_long_key_name_that_is_not_known: "
                "[1, 2]\n", "a: &x 1\nb: *y\n", "stages: {a: {cmd: x}\n", "stages:\n  a: x: y\n", "%foo\n---\na\n", "a: 'b\n", "{", "- a\n b\n",
                "stages:\n  a:\n    cmd: x\n    outs: [\n      a,\n      {b: {c: d}}]\n", "a\tb: 1\n\tc: 2\n", "? a\n: b\n", "@a\n", "`x`\n",
                "stages:\n  ü: {cmd: 1}\n  " + "x" * 90 + ": {cmd: 1}\n", "stages:\n  a:\n    cmd: x\n    desc: " + "y" * 100 + "\n    foo: 1"]
    for text in dvc_yaml:
        yield "dvc.yaml", text
    for text in ["", "a: 1\n", "outs: 5\n", "outs:\n- md5: 1\n", "outs:\n- md5: ab\n  path: x\n", "outs:\n- md5: [1]\n  path: 5\n",
                 "outs:\n- path: x\n  metric: true\n", "deps:\n- path: x\n  repo: {rev: 1}\n", "deps:\n- path: x\n  repo: {url: u, foo: 1}\n",
                 "deps:\n- db: {query: 1, q: 2}\n", "outs:\n- path: x\n  size: a\n  nfiles: 1.5\n  isexec: 1\n", "wdir: 5\nfrozen: 1\n",
                 "outs:\n- path: x\n  cloud: {a: {etag: x}, b: {}}\n", "outs:\n- path: x\n  cloud: {a: {foo: x}}\n", "cmd: x\nouts: []\n",
                 "outs:\n- path: x\n  files:\n  - md5: abc\n", "outs:\n- path: x\n  labels: x\n  fs_config: 1\n", "- a\n",
                 "outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  path: x\n  pat: y\n"]:
        yield "x.dvc", text
    for text in ["", "stages: {}\n", "schema: '1.0'\n", "schema: 2.0\nstages: {}\n", "schema: '2.0'\nstages:\n  a:\n    cmd: x\n    out: []\n",
                 "schema: '2.0'\nstages:\n  a: {}\n", "schema: '2.0'\nstages:\n  a: {cmd: x, deps: [{md5: abc}]}\n",
                 "schema: '2.0'\nstages:\n  a: {cmd: x, params: {p: [1]}}\n", "schema: '2.0'\nfoo: 1\n", "schema: '2.0'\nstages:\n  a:\n    cm",
                 "schema: '2.0'\nstages:\n  a: {cmd: 5, outs: {}}\n"]:
        yield "dvc.lock", text


def shown(name, text):
    files = {name: text}
    if name == "dvc.lock":
        files["dvc.yaml"] = "stages:\n  a: {cmd: x}\n"
    with project(files) as root:
        try:
            Repo(root).index.graph  # noqa: B018
        except PrettyDvcException as exc:
            out = io.StringIO()
            with contextlib.redirect_stderr(out):
                try:
                    exc.__pretty_exc__()
                except ValueError:
                    return None
            return out.getvalue()
        except DvcException as exc:
            return "ERROR " + str(exc)
        except Exception:
            return None
    return ""


# ---- .dvc files

DVC_FILES = [
    "outs:\n- md5: d8e8fca2dc0f896fd7cb4cb0031ba249\n  size: 5\n  hash: md5\n  path: data\n",
    "# top\nouts:\n  # before\n  - path: data   # the data\n    md5: \"d8e8fca2dc0f896fd7cb4cb0031ba249\" # sum\n    hash: md5\n    size: 5\n"
    "    desc: 'some text: here'\n    labels: [a, b]\n    meta: {k: 1}\n# end\nmeta:\n  any: [1, 2]\n",
    "outs:\n- md5: d8e8fca2dc0f896fd7cb4cb0031ba249.dir\n  size: 5\n  nfiles: 2\n  path: ./data/\n",
    "wdir: .\nouts:\n- {md5: d8e8fca2dc0f896fd7cb4cb0031ba249, size: 5, hash: md5, path: data, isexec: true, cache: false, push: false}\n",
    "wdir: w\nfrozen: true\ndesc: 'x'\nalways_changed: true\nouts:\n- md5: '12345678901234567890123456789012'\n  path: ../data\n  hash: md5\n"
    "  persist: true\n  remote: r\n",
    "md5: abc123\nfrozen: true\ndeps:\n- path: dd\n  repo:\n    url: https://example.com/r.git\n    rev: v1\n"
    "    rev_lock: '0000000000000000000000000000000000000000'\nouts:\n- md5: f437247ec66d73ba66b0ade0246fcb49.dir\n  size: 4\n  nfiles: 2\n"
    "  hash: md5\n  path: dd\n",
    "md5: 0123456789abcdef0123456789abcdef\ndeps:\n- path: /mnt/x\n  md5: d8e8fca2dc0f896fd7cb4cb0031ba249\n  size: 5\n  hash: md5\nouts:\n"
    "- md5: d8e8fca2dc0f896fd7cb4cb0031ba249\n  size: 5\n  hash: md5\n  path: x\n",
    "deps:\n- etag: AbC\n  size: 5\n  hash: md5\n  path: https://example.com/x\nouts:\n- hash: md5\n  path: x\n",
    "deps:\n- db: {query: 'select 1', connection: c, file_format: csv}\nouts:\n- md5: d8e8fca2dc0f896fd7cb4cb0031ba249\n  hash: md5\n"
    "  path: x.csv\n",
    "outs:\n- path: data\n  hash: md5\n  files:\n  - relpath: b\n    md5: d8e8fca2dc0f896fd7cb4cb0031ba249\n    size: 5\n    cloud:\n      r:\n"
    "        etag: e\n        version_id: v\n  - relpath: a\n    md5: d41d8cd98f00b204e9800998ecf8427e\n    size: 0\n",
    "outs:\n- md5: d8e8fca2dc0f896fd7cb4cb0031ba249\n  size: 5\n  cloud:\n    r:\n      etag: e\n      version_id: v\n  hash: md5\n  path: data\n",
    "outs:\n- path: a\n  md5: d8e8fca2dc0f896fd7cb4cb0031ba249\n  hash: md5\n- path: b c\n  hash: md5\n  md5: d41d8cd98f00b204e9800998ecf8427e\n",
]


def dvc_file(text, change):
    from dvc_data.hashfile.hash_info import HashInfo
    from dvc_data.hashfile.meta import Meta

    with project({"x.dvc": text, "w/keep": ""}) as root:
        try:
            repo = Repo(root)
            (stage,) = repo.stage.load_all("x.dvc")
            if change == "new":
                out = stage.outs[0]
                out.hash_name, out.files, out.obj = "md5", None, None
                out.hash_info = HashInfo("md5", "0123456789abcdef0123456789abcdef.dir")
                out.meta = Meta(isdir=True, size=77, nfiles=3)
            md5 = stage.compute_md5()
            stage.md5 = md5
            stage.dump()
            return {"text": text, "change": change, "dump": Path("x.dvc").read_text(), "md5": md5 or ""}
        except Exception as exc:
            print("left out:", text.splitlines()[0], repr(exc)[:100])
            return None


# ---- dvc.lock

ENTRY = {"cmd": "echo 1", "deps": [{"path": "in", "hash": "md5", "md5": "d8e8fca2dc0f896fd7cb4cb0031ba249", "size": 5}],
         "params": {"params.yaml": {"lr": 1e-05, "n": None, "l": [1, 2.0], "m": {"a": True}}}, "outs": [{"path": "o", "hash": "md5", "md5": "1"}]}
LOCKS = [
    "",
    "schema: '2.0'\nstages:\n  a:\n    cmd: x\n  b:\n    cmd: y\n",
    "schema: \"2.0\"\n# one\nstages:\n  # two\n  a: # three\n    cmd: x # four\n    # five\n  b:\n    cmd: y\n# six\n",
    "# on top\nschema: '2.0'\nstages:\n  a:\n    # command\n    cmd: x\n    deps:\n    - path: in # dep\n      md5: abc\n  # before b\n  b: # b\n    cmd: y\n",
    "schema: '2.0'\nstages:\n    a:\n        cmd: \"x\"\n        deps:\n          - path: in\n            md5: '1234567890'\n    b: {cmd: y}\n",
    "schema: '2.0'\ndatasets:\n- name: d\n  url: u\nstages:\n  b:\n    cmd: y\n",
    "schema: '2.0'\nstages:\n  b:\n    cmd: y\ndatasets:\n- name: d\n  url: u\n",
    "schema: '2.0'\nstages: {}\n",
    "schema: '2.0'\n",
    "schema: '2.0'\nstages: {a: {cmd: x}, b: {cmd: y}}\n",
]


def lock(text, puts):
    data = parse_yaml_for_update(text, "dvc.lock") if text else {}
    if not data:
        data.update({"schema": "2.0"})
    for name, entry in puts:
        data["stages"] = data.get("stages", {})
        data["stages"].update({name: entry})
        text = dumps_yaml(data)
        data = parse_yaml_for_update(text, "dvc.lock")
    return text


# ---- dvc.yaml

YAML_FILES = [
    None,
    "stages:\n  a:\n    cmd: x\n    desc: old\n    meta: {k: 1}\n    outs: [o: {desc: d, cache: false}, p]\n",
    "# top\nvars: [p.yaml]\nstages:\n    # a stage\n    b:   # its name\n        cmd: \"y\"\n        deps:\n            - 'in'  # first\n            - other\n"
    "    a:\n        cmd: >-\n          folded\n          text\n        deps: [in, z]\n        # end of a\n\nplots:\n  - p.csv\n",
    "stages:\n  c:\n    foreach: [1]\n    do: {cmd: 'x ${item}'}\n",
    "metrics:\n- m.json\n",
]
ADDS = [
    {"name": "a", "cmd": "echo 1", "deps": ["in"], "outs": ["o"], "params": [{"params.yaml": ["lr", "b.a"]}, {"q.yaml": ["x"]}, {"z.yaml": []}],
     "metrics_no_cache": ["m.json"], "plots": ["p.csv"], "outs_persist": ["k"]},
    {"name": "a", "cmd": ["echo 1", "echo 2"], "deps": ["z", "in"], "outs_no_cache": ["p", "o"], "always_changed": True, "desc": "new"},
    {"name": "n-1", "cmd": "x " * 60 + "end", "wdir": "w", "outs": ["o2"], "deps": ["../in"]},
    {"name": "b.c", "cmd": "x"},
    {"name": "b", "cmd": "x", "outs": ["x"], "deps": ["x"]},
    {"name": "b", "cmd": "x", "outs": ["x", "x"]},
    {"name": "b", "cmd": "x", "outs": ["x"], "wdir": "nodir"},
    {"name": "b", "cmd": "x", "outs": ["/nowhere/q"]},
    {"name": "n", "cmd": "x", "outs": ["o/x"]},
    {"name": "n", "cmd": "x", "outs": ["o"]},
    {"name": "n", "cmd": "x", "outs": ["in"], "deps": ["o"]},
]


def edit(text, add, force):
    files = {"w/keep": "", **({"dvc.yaml": text} if text is not None else {}), "p.yaml": "v: 1\n", "params.yaml": "lr: 1\n"}
    row = {"files": files, "add": {**add, "force": force}}
    with project(files) as root:
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                Repo(root).stage.add(**json.loads(json.dumps(add)), force=force)
            row["dump"] = Path("dvc.yaml").read_text()
        except DvcException as exc:
            row["error"] = str(exc).replace(root, "ROOT")
    return row


def remove(text, name):
    with project({"dvc.yaml": text}) as root:
        try:
            repo = Repo(root)
            (stage,) = repo.stage.load_all("dvc.yaml", name)
            stage.dvcfile.remove_stage(stage)
            return {"files": {"dvc.yaml": text}, "remove": name, "dump": Path("dvc.yaml").read_text() if os.path.exists("dvc.yaml") else ""}
        except Exception:
            return None


# ---- parameter files

PARAM_TEXTS = [
    ("p.py", "A = 1\nB: int = 2\nC = [1, 'x', None]\nD = {'a': 1, 'b': [True]}\nE = (1, 2)\nF = {3}\nG = -1.5e-3\nH = f(2)\nI = J = 3\nK, L = 1, 2\n"
             "M = 0x1F\nN = 1_000\nO = 'a' \"b\"\nP = '''x\ny'''\nQ = r'\\d'\nR = 1 + 2\nS = lambda: 1\nT = [f(1)]\nU = {}\nV: str\n"
             "X = {'a': {'b': (1,)}}\nY = .5\nZ = 1.\n"),
    ("p.py", "class A:\n    x = 1\n    class B:\n        y = 'z'\n    def __init__(self):\n        self.v = 5\n        w = 6\n        if True:\n"
             "            self.u = 7\n    def f(self):\n        self.t = 8\nif True:\n    q = 1\nfor i in range(3):\n    r = 2\nx = 1  # c\n"
             "y = (\n  1,\n  2,  # two\n)\nself.z = 3\na.b = 4\nd['x'] = 5\nc += 1\nz = 1; zz = 2\nt = 1,\n\"\"\"doc = 5\"\"\"\ne = \"#no\"\n"),
    ("p.py", "x = (1\n"), ("p.py", ""), ("p.py", "import os\nx = '\\x41\\u00fc\\n\\'\\101'\ny = True\nu = \"é\"\n"),
    ("p.toml", "a = 1\nb = 'x'\n[t]\nc = [1, 2,\n 3]\nd.e = true\n[t.u]\nf = 1.5e3\n[[l]]\ng = 1\n[[l]]\ng = 2\n[l.m]\nh = 0x1F\n"),
    ("p.toml", "s = \"a\\tb\\u00fc\"\nm = \"\"\"\nx \\\n  y\n\"\"\"\nl = '''a'b'''\ni = {x = 1, y = {z = 'q'}}\nn = -1_000\nf = inf\no = 0o17\nb = 0b11\n"
               "\"quoted key\" = 1\na.\"b c\".d = 2\ne = []\ng = 1e-05\n"),
    ("p.toml", "a = \n"), ("p.toml", "a = 1\na = 2\n"), ("p.toml", "[a]\n[a]\n"), ("p.toml", ""), ("p.toml", "a = 01\n"), ("p.toml", "# only\n"),
    ("p.json", '{"a": {"b": [1, 2.0, null, true]}, "c": 1e400, "d": NaN}'), ("p.json", "{"), ("p.json", "[]"), ("p.json", "null"),
    ("p.yaml", "a: 010\nb: 0o10\nc: 1e3\nd: yes\ne: ~\nf: 12:30\ng: 1_000\nh: .inf\ni: '1'\nj: 0x1F\nk: !!str 5\n"), ("p.yaml", "a: [1\n"),
    ("p.yaml", ""), ("p.yaml", "- 1\n"), ("p.conf", "a: 1\n"),
]


def params(name, text):
    try:
        values = PARSERS[os.path.splitext(name)[1]](text, name)

        def plain(value):
            if isinstance(value, dict):
                return {str(k): plain(v) for k, v in value.items()}
            return [plain(v) for v in value] if isinstance(value, (list, tuple, set)) else value

        return {"name": name, "text": text, "values": plain(values)}
    except DvcException as exc:
        return {"name": name, "text": text, "error": str(exc)}


TARGETS = ["", "train", "dvc.yaml", "dvc.yaml:train", "a/dvc.yaml:train@1", "a.dvc", "a/b.dvc", "train@a:b", "dvc.lock", "x/dvc.lock:a", ":train", "a:b:c",
           "a/b", "a:b/c", "a@", "a:b@c@d", "dvc.yml", "dvc.yaml:", "a.dvc:x", "x@y.dvc"]


def target(text):
    try:
        file, name = parse_target(text)
        return {"target": text, "file": file or "", "name": name or ""}
    except DvcException as exc:
        return {"target": text, "error": str(exc)}


# ---- transcripts
# A step is {"write": {file: text}}, {"remove": [files]}, or {"run": argv} with "rc", "out", "err", and the files that DVC wrote then.

ABC = ("stages:\n  a:\n    cmd: cat in > o1; echo A\n    deps: [in]\n    outs: [o1]\n  b:\n    cmd:\n    - cat o1 > o2\n    - echo hi; echo '{}' > m.json\n"
       "    deps: [o1]\n    params: [n]\n    outs: [o2]\n    metrics: [{m.json: {cache: false}}]\n  c:\n    cmd: echo c\n    deps: [in]\n  d:\n    cmd: echo d\n")
RUNS = [
    [{"write": {"in": "x\n", "dvc.yaml": ABC, "params.yaml": "n: 2\n"}}, {"run": ["status", "--json"]}, {"run": ["repro", "--dry"]},
     {"run": ["repro"]}, {"run": ["repro"]}, {"run": ["status", "--json"]}, {"remove": ["o2", "m.json"]}, {"run": ["status", "--json"]},
     {"run": ["repro", "b"]}, {"write": {"params.yaml": "n: 2.0\n"}}, {"run": ["repro", "-s", "b"]}, {"write": {"params.yaml": "n: 3\n"}},
     {"run": ["status", "--json"]}, {"run": ["repro", "b"]}, {"write": {"params.yaml": "n: 2\n"}}, {"run": ["repro", "b"]},
     {"write": {"in": "y\n"}}, {"run": ["repro", "--dry", "a"]}, {"run": ["repro", "--no-commit", "a"]}, {"run": ["status", "--json", "a"]},
     {"run": ["repro", "a"]}, {"run": ["repro", "-f", "c"]}, {"write": {"in": "x\n"}}, {"run": ["repro", "--no-run-cache", "a"]}],
    [{"write": {"in": "x\n", "dvc.yaml": "stages:\n  a: {cmd: 'exit 7', deps: [in], outs: [o1]}\n  b: {cmd: cat o1, deps: [o1]}\n"
                                         "  c: {cmd: echo c > o3, deps: [in], outs: [o3]}\n  e: {cmd: 'false'}\n"}},
     {"run": ["repro"]}, {"run": ["repro", "-k"]}, {"run": ["repro", "--ignore-errors", "a", "c"]}, {"remove": ["in"]}, {"run": ["repro", "c"]},
     {"run": ["repro", "b"]}, {"run": ["repro", "nosuch"]}],
    [{"write": {"in": "x\n", "dvc.yaml": "stages:\n  a: {cmd: 'true', outs: [gone]}\n  b: {cmd: 'true', params: [gone]}\n"
                                         "  p: {cmd: 'true', params: [n, gone], outs: [o], deps: [in]}\n  z: {cmd: 'true', params: [{q.yaml: }]}\n",
                "params.yaml": "n: 1\n"}},
     {"run": ["repro", "a"]}, {"run": ["repro", "b"]}, {"run": ["repro", "p"]}, {"run": ["repro", "z"]}, {"run": ["status", "--json"]}],
    [{"write": {"dvc.yaml": "stages:\n  a: {cmd: mkdir d && echo 1 > d/x && echo 2 > d/y, outs: [d]}\n"
                            "  b: {cmd: cat d/x > k; echo more >> k, deps: [d], outs: [{k: {persist: true}}], frozen: true}\n"
                            "  c: {cmd: cp ../d/x t; cp ../q.yaml q, wdir: w, deps: [../d, ../e.txt], params: [{../q.yaml: }], outs: [t, q]}\n",
                "w/keep": "", "e.txt": "e\n", "q.yaml": "z: {b: [1, {c: 2}]}\na: 1.0\n"}},
     {"run": ["repro", "a", "c"]}, {"run": ["status", "--json"]}, {"write": {"k": "k\n"}}, {"run": ["repro", "b"]},
     {"write": {"dvc.yaml": "stages:\n  a: {cmd: mkdir d && echo 1 > d/x && echo 3 > d/y, outs: [d]}\n"
                            "  b: {cmd: cat d/x > k; echo more >> k, deps: [d], outs: [{k: {persist: true}}]}\n"
                            "  c: {cmd: cp ../d/x t; cp ../q.yaml q, wdir: w, deps: [../d, ../e.txt], params: [{../q.yaml: }], outs: [t, q]}\n"}},
     {"run": ["repro", "--downstream", "a"]}, {"run": ["repro", "--force-downstream", "-f", "a"]}, {"write": {"q.yaml": "z: {b: [1, {c: 2}]}\n"}},
     {"run": ["status", "--json"]}, {"run": ["repro", "-p", "c"]}],
    [{"write": {"data": "d\n", "data.dvc": "# keep\nouts:\n- path: data\n", "dvc.yaml":
                "stages:\n  t:\n    foreach: [1, 2]\n    do:\n      cmd: echo ${item} > o${item}\n      deps: [data]\n      outs: ['o${item}']\n"
                "  m:\n    matrix: {x: [a], y: ['${n}']}\n    cmd: echo ${item.x} ${opts}\n    params: [n]\n",
                "params.yaml": "n: 1\nopts: {lr: 1e-05, on: true}\n"}},
     {"run": ["repro", "data.dvc"]}, {"run": ["repro"]}, {"run": ["repro", "t"]}, {"write": {"data": "e\n"}}, {"run": ["status", "--json"]},
     {"run": ["repro", "t@2"]}, {"run": ["repro", "--glob", "t@*"]}, {"run": ["repro", "-P"]}],
    [{"write": {"sub/dvc.yaml": "stages:\n  s: {cmd: echo 1 > o, outs: [o]}\n", "dvc.yaml": "stages:\n  s: {cmd: cat sub/o > o, deps: [sub/o], outs: [o]}\n"}},
     {"run": ["repro", "sub/dvc.yaml:s"]}, {"run": ["repro", "-R", "sub"]}, {"run": ["repro"]}, {"run": ["status", "--json", "sub/dvc.yaml"]},
     {"run": ["repro", "o"]}],
]


def transcript(steps):
    rows = []
    with project({}) as root:
        for step in steps:
            row = dict(step)
            for name, text in step.get("write", {}).items():
                os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
                Path(name).write_text(text)
            for name in step.get("remove", []):
                os.remove(name)
            if "run" in step:
                done = subprocess.run([str(Path(sys.executable).parent / "dvc"), *step["run"]], capture_output=True, text=True)
                row.update(rc=done.returncode, out=done.stdout.replace(root, "ROOT"), err=done.stderr.replace(root, "ROOT"))
                names = [str(p) for p in Path(".").rglob("*") if p.name == "dvc.lock" or p.suffix == ".dvc" and p.is_file()]
                row["files"] = {name: Path(name).read_text() for name in sorted(names)}
                row["runs"] = sorted("/".join(p.parts[-2:]) for p in Path(".dvc/cache/runs").rglob("*") if p.is_file())
            rows.append(row)
    return {"steps": rows}


def compact(rows):
    return [row for row in rows if row is not None]


def main():
    parts = sys.argv[1:] or ["resolve", "errors", "dvc_files", "locks", "edits", "params", "targets", "runs"]
    if "resolve" in parts:
        write("resolve.jsonl", compact(resolve(f) for cases in (stage_cases, vars_cases, graph_cases) for f in cases()))
    if "errors" in parts:
        rows = [{"name": n, "text": t, "shown": shown(n, t)} for n, t in broken()]
        write("errors.jsonl", [r for r in rows if r["shown"] is not None])
    if "dvc_files" in parts:
        write("dvc_files.jsonl", compact(dvc_file(t, c) for t in DVC_FILES for c in ("same", "new")))
    if "locks" in parts:
        puts = [[["b", ENTRY]], [["a", ENTRY], ["c", {"cmd": ["x", "y"]}]], [["z", ENTRY], ["b", ENTRY], ["z", {"cmd": "q"}]]]
        write("locks.jsonl", [{"text": t, "puts": p, "dump": lock(t, json.loads(json.dumps(p)))} for t in LOCKS for p in puts])
    if "edits" in parts:
        rows = [edit(t, a, f) for t in YAML_FILES for a in ADDS for f in (False, True)]
        rows += compact(remove(t, n) for t in YAML_FILES if t for n in ("a", "b"))
        write("edits.jsonl", rows)
    if "params" in parts:
        write("params.jsonl", [params(n, t) for n, t in PARAM_TEXTS])
    if "targets" in parts:
        write("targets.jsonl", [target(t) for t in TARGETS])
    if "runs" in parts:
        write("runs.jsonl", [transcript(steps) for steps in RUNS])


main()
