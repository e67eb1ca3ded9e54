#!/usr/bin/env python3
"""Writes scores.txt and report.txt: what evidently 0.6.7 and scipy say about samples that drift's tests make again from their description.

Usage: python3 generate.py   (needs: evidently==0.6.7 scikit-learn)
A sample is "<maker>:<seed>:<n>:<a>:<b>[:nan|:inf]"; drift/golden_test.cpp has the same makers.
"""
import os
import warnings

import numpy as np
import pandas as pd
from scipy import stats
from evidently.calculations.stattests.registry import get_stattest
from evidently.core import ColumnType
from evidently.calculations.stattests import tvd_stattest
from evidently.metric_preset import DataDriftPreset
from evidently.report import Report

warnings.filterwarnings("ignore")
# Equal distances must count as equal: evidently compares sums of floats whose order differs from draw to draw.
exact_tvd = tvd_stattest._total_variation_distance
tvd_stattest._total_variation_distance = lambda ref, cur: np.round(exact_tvd(ref, cur), 12)
HERE = os.path.dirname(os.path.abspath(__file__))
NUM = ["ks", "t_test", "mannw", "es", "anderson", "cramer_von_mises", "wasserstein", "jensenshannon", "psi", "kl_div", "hellinger", "ed"]
CAT = ["chisquare", "z", "g_test", "fisher_exact", "TVD", "jensenshannon", "psi", "kl_div", "hellinger"]


def uniform(seed, n):
    """splitmix64, the upper 53 bits."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) * np.uint64(1_000_003) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(float) * 2.0**-53


def make(text):
    maker, seed, n, a, b, *flags = text.split(":")
    seed, n, a, b = int(seed), int(n), float(a), float(b)
    if maker in ("normal", "rounded"):
        u = uniform(seed, 12 * n).reshape(n, 12)
        s = u[:, 0].copy()
        for i in range(1, 12):
            s = s + u[:, i]
        x = a + b * (s - 6)
        if maker == "rounded":
            x = np.floor(x * 10 + 0.5) / 10
    elif maker == "uniform":
        x = a + (b - a) * uniform(seed, n)
    elif maker == "ints":
        x = a + np.floor(uniform(seed, n) * (b - a + 1))
    elif maker == "constant":
        x = np.full(n, a)
    elif maker == "words":  # a words, skewed when b is 1
        u = uniform(seed, n)
        index = np.floor(a * (u * u if b == 1 else u)).astype(int)
        return pd.Series([f"w{i:03d}" for i in index], dtype=object)
    if "nan" in flags:
        x[::7] = np.nan
    if "inf" in flags:
        x[::11] = np.inf
    return pd.Series(x)


CASES = [
    ("num", "normal:1:5:0:1", "normal:2:6:0:1"), ("num", "normal:3:5:0:1", "normal:4:5:1:1"),
    ("num", "normal:5:8:0:1", "normal:6:300:0.4:1"), ("num", "normal:7:12:0:1", "normal:8:19:0.5:1"),
    ("num", "normal:9:20:0:1", "normal:10:20:0.7:1"), ("num", "rounded:11:15:0:1", "rounded:12:20:0:1"),
    ("num", "normal:13:50:0:1", "normal:14:60:0:1"), ("num", "normal:15:100:0:1", "normal:16:100:0.3:1"),
    ("num", "normal:17:300:0:1", "normal:18:250:0:1.5"), ("num", "uniform:19:300:0:1", "uniform:20:301:0.1:1.2"),
    ("num", "normal:21:1000:0:1", "normal:22:1000:0.05:1"), ("num", "normal:23:1000:5:2", "normal:24:999:5:2"),
    ("num", "normal:25:1001:5:2", "normal:26:1000:5.2:2"), ("num", "normal:27:5000:0:1", "normal:28:7000:0.02:1"),
    ("num", "normal:29:10000:0:1", "normal:30:9999:0:1.02"), ("num", "normal:31:20000:0:1", "normal:32:15000:0.01:1"),
    ("num", "normal:33:50000:0:1", "normal:34:50000:0.02:1"), ("num", "normal:35:50000:0:1", "normal:36:40:0.1:1"),
    ("num", "normal:37:200:0:1", "normal:38:50000:0.1:1"), ("num", "normal:39:120:0:1", "normal:40:12000:0.05:1"),
    ("num", "rounded:41:2000:0:1", "rounded:42:3000:0.1:1"), ("num", "ints:43:900:0:30", "ints:44:800:0:33"),
    ("num", "ints:45:5000:0:15", "ints:46:4000:1:15"), ("num", "ints:47:400:0:4", "ints:48:380:0:4"),
    ("num", "ints:49:400:0:1", "ints:50:700:0:1"), ("num", "ints:51:3000:0:3", "ints:52:2800:0:3"),
    ("num", "constant:53:100:3:0", "constant:54:80:3:0"), ("num", "constant:55:100:3:0", "normal:56:80:3:1"),
    ("num", "normal:57:200:1000000:0.001", "normal:58:200:1000000:0.002"), ("num", "normal:59:700:0:1:nan", "normal:60:710:0.1:1:nan"),
    ("num", "uniform:61:2200:0:5:inf", "uniform:62:1900:0:5.2:inf"), ("num", "uniform:63:500:0:1", "uniform:64:500:5:6"),
    ("num", "uniform:65:4096:-3:3", "uniform:66:4096:-3:3.3"), ("num", "ints:67:21:0:1000", "ints:68:40:0:900"),
    ("cat", "words:69:50:2:0", "words:70:50:2:0"), ("cat", "words:71:60:2:0", "words:72:90:2:1"),
    ("cat", "words:73:900:2:0", "words:74:1000:2:1"), ("cat", "words:75:800:5:0", "words:76:700:5:0"),
    ("cat", "words:77:800:5:0", "words:78:800:6:0"), ("cat", "words:79:5000:12:0", "words:80:6000:12:1"),
    ("cat", "words:81:5000:200:1", "words:82:4000:220:1"), ("cat", "words:83:30000:300:1", "words:84:50000:300:1"),
    ("cat", "words:85:40:1:0", "words:86:30:1:0"), ("cat", "words:87:10:3:0", "words:88:5:3:0"),
    ("cat", "words:89:1001:4:0", "words:90:1200:4:0"), ("cat", "words:91:40:1:0", "words:92:30:2:0"),
]


def counts(ref, cur):
    keys = sorted(set(ref) | set(cur))
    return [np.array([(side == key).sum() for key in keys]) for side in (ref, cur)]


def score(method, kind, ref, cur):
    if method == "g_test":  # evidently raises on unequal sizes: the expected counts are rescaled
        r, c = counts(ref, cur)
        return stats.power_divergence(c, r * (len(cur) / len(ref)), lambda_="log-likelihood")[1]
    if method == "fisher_exact":  # evidently raises on unequal sizes and on constants
        r, c = counts(ref, cur)
        if len(r) > 2:
            raise ValueError("more than two values")
        return 1.0 if len(r) < 2 else stats.fisher_exact(np.array([c, r]))[1]
    test = get_stattest(ref, cur, kind, method)
    if method == "cramer_von_mises" and max(len(ref), len(cur)) <= 20:  # evidently's copy of scipy's exact count fails on some sizes
        return stats.cramervonmises_2samp(ref, cur).pvalue
    return test(ref.copy(), cur.copy(), kind, None).drift_score


with open(os.path.join(HERE, "scores.txt"), "w") as out:
    print("# kind reference current | default method, verdict | method=score (written by generate.py)", file=out)
    for kind_name, ref_text, cur_text in CASES:
        kind = ColumnType(kind_name)
        ref, cur = [make(t).replace([np.inf, -np.inf], np.nan).dropna() for t in (ref_text, cur_text)]
        default = get_stattest(ref, cur, kind, None)
        verdict = default(ref.copy(), cur.copy(), kind, None).drifted
        found = []
        for method in NUM if kind_name == "num" else CAT:
            if method == "TVD" and len(ref) + len(cur) > 2000:
                continue
            try:
                found.append(f"{method}={float(score(method, kind, ref, cur))!r}")
            except Exception:
                found.append(f"{method}=error")
        print(kind_name, ref_text, cur_text, default.name, bool(verdict), *found, file=out)

frames = []
for i, n in enumerate((1500, 1200)):
    frames.append(pd.DataFrame({
        "amount": make(f"normal:{101 + i}:{n}:{10 + i}:2"), "age": make(f"ints:{103 + i}:{n}:18:80"),
        "flag": make(f"ints:{105 + i}:{n}:0:1"), "noise": make(f"uniform:{107 + i}:{n}:0:1"),
        "carrier": make(f"words:{109 + i}:{n}:6:{i}"), "origin": make(f"words:{111 + i}:{n}:3:0")}))
report = Report(metrics=[DataDriftPreset()])
report.run(reference_data=frames[0], current_data=frames[1])
dataset, table = [metric.get_result() for metric in report._first_level_metrics]
with open(os.path.join(HERE, "report.txt"), "w") as out:
    print("dataset", dataset.number_of_columns, dataset.number_of_drifted_columns, repr(float(dataset.share_of_drifted_columns)),
          bool(dataset.dataset_drift), file=out)
    for name, column in table.drift_by_columns.items():
        print("column", name, column.column_type, repr(float(column.drift_score)), bool(column.drift_detected),
              column.stattest_threshold, column.stattest_name, file=out)
        for side, field in (("reference", column.reference), ("current", column.current)):
            print("small", side, " ".join(repr(float(v)) for v in field.small_distribution.y), file=out)
