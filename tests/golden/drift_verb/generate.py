"""Writes the CSV pairs of this folder and what evidently 0.6.7 says about them: python generate.py (numpy, pandas, evidently 0.6.7).

The pairs are read back with pandas.read_csv, so that typing is part of what is compared.
  small_*  300 and 250 rows: p-values; gaps, whole numbers with gaps, bools, text, NA words
  odd_*    400 and 300 rows: padded numbers, "yes" and "t", NA words
  large_*  1500 and 1200 rows: distances; target and prediction

`evidently7.json` is written by the same script where evidently 0.7 is installed (0.7.23).
"""

import importlib.metadata
import json
import pathlib
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent
NEW = importlib.metadata.version("evidently") >= "0.7"


def small(rng, n, moved):
    frame = pd.DataFrame(
        {
            "age": rng.normal(40 + 4 * moved, 9, n).round(1),
            "visits": rng.poisson(3, n),
            "stars": rng.integers(1, 5, n),
            "member": rng.random(n) < 0.4 + 0.2 * moved,
            "plan": rng.choice(["basic", "plus", "pro"], n, p=[0.5, 0.3, 0.2] if not moved else [0.3, 0.3, 0.4]),
            "zone": rng.choice([f"z{i}" for i in range(7)], n),
            "score": rng.random(n).round(4),
            "note": [f"text {i} of {n}" for i in rng.integers(0, 10**9, n)],
        }
    )
    frame["debt"] = rng.integers(0, 900, n)
    frame.loc[rng.random(n) < 0.1, "debt"] = np.nan
    frame["plan"] = frame["plan"].where(rng.random(n) > 0.05, "N/A")
    return frame


def large(rng, n, moved):
    value = rng.gamma(2, 3 + moved, n).round(3)
    return pd.DataFrame(
        {
            "value": value,
            "rank": rng.integers(0, 40, n),
            "few": rng.integers(0, 3 + moved, n),
            "city": rng.choice(["Berlin", "Köln", "Ulm", "Ülzen"], n, p=[0.4, 0.3, 0.2, 0.1] if not moved else [0.1, 0.2, 0.3, 0.4]),
            "flag": rng.random(n) < 0.5,
            "bought": (rng.random(n) < 0.3).astype(int),
            "probability": rng.beta(2, 3 + moved, n).round(4),
        }
    )


def odd(rng, n, moved):
    """What pandas and DuckDB type differently, as text."""
    pick = lambda *words: rng.choice(words, n)  # noqa: E731
    frame = pd.DataFrame(
        {
            "padded": [f"{i:03}" for i in rng.integers(0, 200, n)],
            "answer": pick("yes", "no", *["maybe"] * moved),
            "letter": pick("t", "f"),
            "truth": pick("TRUE", "false"),
            "digit": pick("0", "1"),
            "plus": pick("+1", "2", "-3"),
            "day": pick("2026-01-01", "2026-01-02", "2026-01-03"),
            "gap": pick("1", "2", "NA", "null"),
            "size": pick("1.5", "2", "1e3", "7", ".5", "-4"),
            "none": pick("None", "some", "n/a", "more"),
        }
    )
    return frame


# name: (pair, options of the preset, column mapping, options of `mlean drift`)
CASES = {
    "small": ("small", {}, {}, []),
    "small_psi": ("small", {"num_stattest": "psi", "cat_stattest": "jensenshannon", "drift_share": 0.2}, {},
                  ["--num-method", "psi", "--cat-method", "jensenshannon", "--share", "0.2"]),
    "small_types": ("small", {"per_column_stattest": {"age": "anderson"}, "per_column_stattest_threshold": {"age": 0.2, "plan": 0.001}},
                    {"numerical_features": ["age", "debt"], "categorical_features": ["visits", "plan", "member"]},
                    ["--column-method", "age=anderson", "--column-threshold", "age=0.2", "--column-threshold", "plan=0.001",
                     "--numerical", "age,debt", "--categorical", "visits,plan,member"]),
    "small_columns": ("small", {"columns": ["zone", "age", "stars"], "stattest_threshold": 0.9}, {},
                      ["--columns", "zone,age,stars", "--threshold", "0.9"]),
    "odd": ("odd", {}, {}, []),
    "large": ("large", {}, {"target": "bought", "prediction": "probability"}, ["--target", "bought", "--prediction", "probability"]),
    "large_regression": ("large", {}, {"target": "rank", "prediction": "few", "task": "regression"},
                         ["--target", "rank", "--prediction", "few", "--task", "regression"]),
    "large_guess": ("large", {}, {"target": "rank", "prediction": "few"}, ["--target", "rank", "--prediction", "few"]),
}  # fmt: skip


def plain(value):
    return value.item() if isinstance(value, np.generic) else str(value)


def pair(name):
    return [pd.read_csv(HERE / f"{name}_{side}.csv") for side in ("ref", "cur")]


def legacy():
    from evidently import ColumnMapping
    from evidently.metric_preset import DataDriftPreset
    from evidently.report import Report

    rng = np.random.default_rng(20)
    for name, make, sizes in (("small", small, (300, 250)), ("large", large, (1500, 1200)), ("odd", odd, (400, 300))):
        for moved, (side, n) in enumerate(zip(("ref", "cur"), sizes)):
            make(rng, n, moved).to_csv(HERE / f"{name}_{side}.csv", index=False)
    out = {}
    for name, (files, preset, mapping, options) in CASES.items():
        reference, current = pair(files)
        report = Report([DataDriftPreset(**preset)])
        report.run(reference_data=reference, current_data=current, column_mapping=ColumnMapping(**mapping))
        out[name] = {"pair": files, "options": options, "dict": report.as_dict()}
    return out


def new():
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    out = {}
    cases = {
        "large": ("large", {}, []),
        "large_method": ("large", {"method": "psi", "threshold": 0.3, "drift_share": 0.2},
                         ["--method", "psi", "--threshold", "0.3", "--share", "0.2"]),
        "large_column": ("large", {"per_column_method": {"value": "ks"}, "per_column_threshold": {"city": 0.9}, "num_method": "ed"},
                         ["--column-method", "value=ks", "--column-threshold", "city=0.9", "--num-method", "ed"]),
        "small": ("small", {"columns": ["age", "visits", "stars", "member", "plan", "zone", "score", "debt"]},
                  ["--columns", "age,visits,stars,member,plan,zone,score,debt"]),
    }  # fmt: skip
    for name, (files, preset, options) in cases.items():
        reference, current = [Dataset.from_pandas(one, data_definition=DataDefinition()) for one in pair(files)]
        snapshot = Report([DataDriftPreset(**preset)]).run(current, reference)
        out[name] = {"pair": files, "options": options, "dict": snapshot.dict()}
    return out


if NEW:
    (HERE / "evidently7.json").write_text(json.dumps(new(), indent=1, default=plain) + "\n")
else:
    (HERE / "legacy.json").write_text(json.dumps(legacy(), indent=1, default=plain) + "\n")
