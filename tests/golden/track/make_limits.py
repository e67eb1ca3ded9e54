"""Writes keys.jsonl: keys and what mlflow's own validation says of them. Needs mlflow-skinny 3.17.2."""

import json
import pathlib

from mlflow.exceptions import MlflowException
from mlflow.utils.validation import _validate_param

KEYS = [
    "a", "auc", "train/auc", "a.b", "a-b", "a b", "a:b", "A_1", "é", "日本", "a/b/c", "...", "a..b", "x.", ".x", " ", "-", "_", ":", "0",
    "a" * 250, "", ".", "..", "/", "//", "/a", "a/", "a//b", "./a", "a/.", "a/..", "../a", "a/../b", "a,b", "a=b", "a(b)", "a'b", 'a"b',
    "a\\b", "a\nb", "a\tb", "a*b", "a?b", "a#b", "a%b", "a" * 251, "é" * 250, "é" * 251, "..a", "///a", "a/./b", "a;b", "a&b", "a@b",
    "😀", "a😀b", "a\u0301", "½", "²", "١", "×", "€", "—", "a\u200db", "ⅷ", "𝐀", "größe/名前",
]
out = pathlib.Path(__file__).parent / "keys.jsonl"
with out.open("w") as file:
    for key in KEYS:
        error = None
        try:
            _validate_param(key, "v")
        except MlflowException as e:
            error = e.message
        file.write(json.dumps({"key": key, "error": error}) + "\n")
