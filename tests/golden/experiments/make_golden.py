"""Golden values of the room experiments, by the Hydra and the file writers that dvc uses.

    python -m venv VENV && VENV/bin/pip install dvc==3.67.1
    VENV/bin/python tests/golden/experiments/make_golden.py        # writes the *.jsonl files beside it

overrides.jsonl  texts of `exp run -S`; what Hydra reads, or that it refuses them
apply.jsonl      values and overrides; the values afterwards, or the error's text
texts.jsonl      parameter files and overrides; the file's text afterwards
sweeps.jsonl     overrides with sweeps; the overrides of each experiment
"""
import json
import os
import pathlib
import tempfile

from dvc.exceptions import InvalidArgumentError
from dvc.utils.hydra import apply_overrides, get_hydra_sweeps, to_hydra_overrides
from hydra.core.override_parser.types import Sweep

HERE = pathlib.Path(__file__).parent

LINES = """\
lr=0.1|lr=1|lr=-1|lr=+5|lr=1_000|lr=1e-3|lr=1E5|lr=.5|lr=5.|lr=-.5|lr=1e400|lr=inf|lr=-inf|lr=nan|lr=007|lr=1_|lr=0x1F|lr=1.2.3|lr=1-2|lr=10abc
lr=true|lr=TRUE|lr=False|lr=trueish|lr=null|lr=Null|lr=nullx|lr=None|lr=~|lr=|lr= |lr= a|lr=a |lr=a b|lr=a  b c|lr=  a  b  |lr="a b"|lr='a b'|lr='it\\'s'
lr="say \\"x\\""|lr='a\\\\'|lr='a\\b'|lr='"'|lr="'"|lr=''|lr="a\\\\\\"b"|lr='x'y|lr='x' |lr=a\\,b|lr=a\\ b|lr=a\\=b|lr=\\[x\\]|lr=a\\nb|lr=\\\\|lr=a\\\\b
lr=/a/b.txt|lr=a.b.c|lr=a-b_c|lr=s3://b/x|lr=a:b|lr=a: b|lr=a :b|lr=$x|lr=a$b|lr=50%|lr=a*b|lr=a@b|lr=a?b|lr=a+b|lr=-|lr=--x|lr=a|b
lr=[]|lr=[1]|lr=[1,2]|lr=[ 1 , 2 ]|lr=[1, a, 'b c', null, true]|lr=[[1],[2,[3]]]|lr=[1,]|lr=[,1]|lr=[1|lr=1]|lr={}|lr={a:1}|lr={a: 1, b: [x]}|lr={ a : {b:c} }|lr={a:b:c}
lr={a-b:1}|lr={1:a}|lr={a}|lr={a:1|lr={'a':1}|lr={a b:1}
lr=1,2|lr=1 , 2|lr=a,b,c|lr=[1],[2]|lr=1,|lr=,1|lr=choice(1,2)|lr=choice(a)|lr=choice( a , b )|lr=choice()|lr=range(3)|lr=range(1,4)|lr=range(1,10,3)|lr=range(4,1,-1)
lr=range(0,1,0.25)|lr=range(start=1,stop=3)|lr=range(1,stop=3,step=1)|lr=range(0)|lr=int(3.7)|lr=int('5')|lr=int(true)|lr=float(3)|lr=float('1e3')|lr=str(3)|lr=str(true)|lr=str(1.0)|lr=bool(1)
lr=bool('True')|lr=bool(x)|lr=int(a)|lr=int([1.5,2.5])|lr=int(1.5,2.5)|lr=str([1,2])|lr=float({a:1})|lr=int(choice(1.5,2.5))|lr=int(range(1.5,3.5))|lr=sort(3,1,2)|lr=sort([3,1,2])
lr=sort([b,a],reverse=true)|lr=sort(choice(c,a,b))|lr=sort(5)|lr=foo(1)|lr=foo (1)|lr=a(|lr=(a)|lr=a)
lr|=1|+lr=1|++lr=1|~lr|~lr=1|~lr=|+lr|++lr|-lr=1|+++lr=1|~~lr=1|lr==1|lr=a=b|a.b=1|a.b.c=1|a.0=1|a.0.b=1|a..b=1|.a=1|a.=1|0=1|0.a=1|a.00=1|a/b=1|a/b/c=1|a/b.c=1|a-b=1|a-b.c=1|-a=1
a b=1|a@b=1|a@b.c=1|a@=1|@b=1|a@b@c=1|a:b=1|$a=1|a$b=1|ä=1|lr=ä|lr='ä'|lr=#|lr=!|lr=a;b|lr=<x>|lr=a&b|lr=`x`|lr=^|lr="unclosed|lr=a"b"|lr=\tx|lr=a\tb\t""".replace("\n", "|").split("|")
LINES = [line.replace("\\t", "\t") for line in LINES]


def write(name, cases):
    (HERE / name).write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases), encoding="utf-8")


def overrides():
    for line in LINES:
        case = {"line": line}
        try:
            (one,) = to_hydra_overrides([line])
        except Exception:
            yield case | {"ok": False}
            continue
        case |= {"ok": True, "kind": one.type.name, "key": one.key_or_group, "package": one.package is not None}
        case["sweep"] = one.is_sweep_override()
        if isinstance(one._value, Sweep):
            case["texts"] = list(one.sweep_string_iterator())
        else:
            case["value"] = one.value()
            if isinstance(case["value"], dict):
                case["value"] = {str(key): value for key, value in case["value"].items()}
            case["has_value"] = one.value_type is not None
            case["texts"] = [one.get_value_element_as_str()]
        yield case


PARAMS = {"lr": 0.1, "name": "x", "none": None, "flag": True, "one": 1, "list": [1, 2], "train": {"epochs": 3, "deep": {"a": 1}, "opts": [{"k": 1}]}}
APPLY = [
    ["lr=0.2"], ["lr=[1]"], ["lr={a:1}"], ["lr=null"], ["nope=1"], ["nope.x=1"], ["lr.x=1"], ["none=1"], ["none.x=1"], ["+none=1"], ["+none.x=1"], ["+lr.x=1"], ["++lr.x=1"],
    ["train.epochs=5"], ["train.nope=5"], ["+train.new=5"], ["+train.new.more=5"], ["++train.epochs=5"], ["+train.epochs=5"], ["train={epochs:9}"], ["train={new:9}"],
    ["+train={new:9}"], ["++train={new:9,epochs:1}"], ["+train={deep:{b:2}}"], ["train={deep:{b:2}}"], ["train={deep:5}"], ["train=5"], ["train.deep=[1]"], ["list=5"],
    ["list=[9]"], ["+list=[9]"], ["list={a:1}"], ["list.0=9"], ["list.1=[a]"], ["list.2=9"], ["+list.2=9"], ["++list.2=9"], ["list.x=9"], ["train.opts.0.k=2"], ["train.opts.0.z=2"],
    ["+train.opts.0.z=2"], ["~lr"], ["~nope"], ["~none"], ["~train.epochs"], ["~train.deep.a=1"], ["~train.deep.a=2"], ["~lr=0.1"], ["~lr=0.10"], ["~one=true"], ["~flag=1"],
    ["~name=x"], ["~list=[1,2]"], ["~train.deep={a:1}"], ["~list.0"], ["lr=1", "lr=2"], ["~lr", "+lr=5"], ["+a.b.c=1", "+a.b.d=2"], ["name=a b"], ["flag=false", "one=1.0"],
    ["lr@x=1"], ["+x/y=1"], ["x/y=1"], ["name=''"], ["name="],
]  # fmt: skip


def applied():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for lines in APPLY:
            pathlib.Path("p.json").write_text(json.dumps(PARAMS))
            case = {"params": PARAMS, "overrides": lines}
            try:
                apply_overrides("p.json", lines)
                yield case | {"result": json.loads(pathlib.Path("p.json").read_text())}
            except InvalidArgumentError as error:
                why = error.__cause__
                yield case | {"error": str(why), "cause": str(why.__cause__ or "")}
            except Exception as error:  # Hydra's own faults
                yield case | {"crash": type(error).__name__}


YAML = """\
# top
lr: 1e-3   # rate
hex: 0x1F
name: plain
blk:   # behind
- a
- b
train:
  # inside
  epochs: 10

  nested: {x: 1, y: [a, b]}
date: 2020-01-01
empty:
big: 1_000
f: 1.50
m: |
  line
  two
"""
TOML = """\
# top
a = 1   # x
s = "text"
l = [1, 2] # list

[t]
c = 2
d.e = 3
"q r" = 1

[t.u]
v = 1
[w]
x = { y = 1 }
"""
PYTHON = """\
\"\"\"doc\"\"\"
A = 1  # x
B: float = 0.5
NAMES = ["a", "b"]


class Train:
    EPOCHS = 7
    OFF = False

    def __init__(self):
        self.rate = 0.1


def f():
    A = 5
"""
TEXTS = [
    ("p.yaml", YAML, ["lr=0.1"]), ("p.yaml", YAML, ["train.epochs=5"]), ("p.yaml", YAML, ["train.nested.x=2"]), ("p.yaml", YAML, ["+train.new=[1,2]"]),
    ("p.yaml", YAML, ["+new.a.b=1"]), ("p.yaml", YAML, ["~hex"]), ("p.yaml", YAML, ["~train.epochs"]), ("p.yaml", YAML, ["name='yes: no'"]), ("p.yaml", YAML, ["blk=[x]"]),
    ("p.yaml", YAML, ["blk.1=z"]), ("p.yaml", YAML, ["empty=5"]), ("p.yaml", YAML, ["name=null"]), ("p.yaml", YAML, ["f=1e-5", "hex=true"]), ("p.yaml", YAML, ["m=x"]),
    ("p.yaml", YAML, ["name='12'"]), ("p.yaml", YAML, ["train={epochs:1}"]), ("p.yaml", "", ["+lr=1"]), ("p.yaml", "lr: 1", ["lr=2"]), ("p.yml", "lr: 1\n", ["lr=2"]),
    ("p.json", '{"a": 1, "b": {"c": [1, "\u00fc"]}}', ["a=2"]), ("p.json", '{\n  "a": 1\n}\n', ["+b.c=[1,x]"]), ("p.json", '{"a": 1, "b": 2}', ["~a"]),
    ("p.toml", TOML, ["a=2"]), ("p.toml", TOML, ["s='q'"]), ("p.toml", TOML, ["l=[3]"]), ("p.toml", TOML, ["t.c=2.5"]), ("p.toml", TOML, ["t.u.v=true"]),
    ("p.toml", TOML, ["a=1.0"]), ("p.toml", "a = 1", ["a=2"]),
    ("p.py", PYTHON, ["A=2"]), ("p.py", PYTHON, ["Train.EPOCHS=8"]), ("p.py", PYTHON, ["Train.OFF=true"]), ("p.py", PYTHON, ["Train.rate=0.2"]),
]  # fmt: skip


def texts():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, text, lines in TEXTS:
            pathlib.Path(name).write_text(text, encoding="utf-8")
            apply_overrides(name, lines)
            yield {"file": name, "text": text, "overrides": lines, "result": pathlib.Path(name).read_text(encoding="utf-8")}


SWEEPS = [["a=1,2"], ["a=1,2", "b=x,y"], ["a=1,2", "b=5"], ["+a=1,2", "~c"], ["a='x y',z"], ["a=[1,2],[3]"], ["a=range(1,3)", "b={c:1}"], ["a=1,2", "a=3"], ["a=choice(true,x,1.0)"]]


def sweeps():
    for lines in SWEEPS:
        yield {"overrides": lines, "result": [one["p"] for one in get_hydra_sweeps({"p": lines})]}


write("overrides.jsonl", overrides())
write("apply.jsonl", applied())
write("texts.jsonl", texts())
write("sweeps.jsonl", sweeps())
