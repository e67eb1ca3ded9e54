#!/usr/bin/env python3
"""Writes metrics.txt: what scikit-learn and fairlearn say about small data sets that are written beside the answers.

Usage: python3 generate.py   (needs: scikit-learn fairlearn)
Lines: "case <kind> <name>", then "labels …", "scores …" (row-major), for fairness "groups …", then "expect <metric> <value>" …
"""
import os
import warnings

import numpy as np
from fairlearn import metrics as fair
from scipy import stats
from sklearn import metrics as sk

warnings.filterwarnings("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(5)
out = open(os.path.join(HERE, "metrics.txt"), "w")


def write(kind, name, labels, scores, expected, groups=None):
    print("case", kind, name, file=out)
    print("labels", *[repr(float(v)) if kind == "regression" else int(v) for v in labels], file=out)
    print("scores", *[repr(float(v)) for v in np.ravel(scores)], file=out)
    if groups is not None:
        print("groups", *groups, file=out)
    for metric, value in expected.items():
        print("expect", metric, repr(float(value)), file=out)


def binary(name, y, p, threshold=0.5):
    predicted = (p >= threshold).astype(int)
    both = 0 < y.sum() < len(y)
    tn, fp, fn, tp = sk.confusion_matrix(y, predicted, labels=[0, 1]).ravel()
    fpr, tpr, _ = sk.roc_curve(y, p, drop_intermediate=False) if both else ([0], [0], [0])
    bins = np.clip(np.floor(p * 10), 0, 9)
    ece = sum((bins == b).sum() * abs(p[bins == b].mean() - y[bins == b].mean()) for b in range(10) if (bins == b).any()) / len(y)
    nan = float("nan")
    write("binary", name, y, p, {
        "auc": sk.roc_auc_score(y, p) if both else nan,
        "average_precision": sk.average_precision_score(y, p) if y.any() else nan,
        "ks": np.max(np.abs(np.array(tpr) - np.array(fpr))) if both else nan,
        "log_loss": sk.log_loss(y, p, labels=[0, 1]), "brier": sk.brier_score_loss(y, p, labels=[0, 1], pos_label=1),
        "accuracy": sk.accuracy_score(y, predicted), "precision": sk.precision_score(y, predicted, zero_division=nan),
        "recall": sk.recall_score(y, predicted, zero_division=nan), "f1": sk.f1_score(y, predicted, zero_division=nan),
        "calibration.ece": ece, "confusion.tp": tp, "confusion.fp": fp, "confusion.tn": tn, "confusion.fn": fn})


for n, digits in ((2, 3), (10, 1), (50, 1), (300, 2), (1000, 6)):
    y = rng.integers(0, 2, n)
    y[:2] = [0, 1]
    binary(f"random{n}", y, np.round(np.clip(rng.normal(0.4 + 0.2 * y, 0.25), 0, 1), digits))
binary("perfect", np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9]))
binary("certain", np.array([0, 1, 1, 0]), np.array([0.0, 1.0, 0.0, 1.0]))
binary("constant", np.array([0, 1, 1, 0, 1]), np.full(5, 0.5))
binary("one_class", np.array([0, 0, 0]), np.array([0.1, 0.6, 0.3]))
binary("all_positive", np.array([1, 1, 1]), np.array([0.1, 0.6, 0.3]))
binary("none_predicted", np.array([0, 1, 0]), np.array([0.1, 0.2, 0.3]))
binary("large", (rng.random(2500) < 0.2).astype(int), np.float64(np.float32(rng.random(2500))))

for n, k in ((30, 3), (400, 5), (40, 3)):
    y = rng.integers(0, k if n != 40 else k - 1, n)
    p = rng.dirichlet(np.ones(k), n) + 0.5 * np.eye(k)[y]
    p = p / p.sum(axis=1, keepdims=True)
    predicted = p.argmax(axis=1)
    labels = list(range(k))
    nan = float("nan")
    write("multiclass", f"classes{k}_{n}", y, p, {
        "accuracy": sk.accuracy_score(y, predicted), "log_loss": sk.log_loss(y, p, labels=labels),
        "macro_f1": sk.f1_score(y, predicted, average="macro", zero_division=nan),
        "weighted_f1": sk.f1_score(y, predicted, average="weighted", zero_division=nan),
        "macro_auc": sk.roc_auc_score(y, p, multi_class="ovr", average="macro", labels=labels) if n != 40 else nan})

for name, y, p in (("random", rng.normal(10, 3, 200), None), ("odd", rng.normal(0, 1, 7), None),
                   ("constant", np.full(5, 2.0), None), ("exact", np.full(4, 2.0), np.full(4, 2.0)),
                   ("zeros", np.array([0.0, 1.0, 0.0]), np.array([0.5, 1.5, 0.0]))):
    p = y + rng.normal(0.2, 1, len(y)) if p is None else p
    write("regression", name, y, p, {
        "mae": sk.mean_absolute_error(y, p), "rmse": sk.root_mean_squared_error(y, p), "r2": sk.r2_score(y, p),
        "mape": sk.mean_absolute_percentage_error(y, p), "median_ae": sk.median_absolute_error(y, p), "mean_error": np.mean(p - y)})

for n, names in ((200, "ab"), (900, "abcd"), (400, "xyz")):
    g = rng.choice(list(names), n)
    y = rng.integers(0, 2, n)
    s = (rng.random(n) < 0.3 + 0.1 * (g == names[0]) + 0.3 * y).astype(int)
    write("fairness", f"groups{n}", y, s, {
        "dp_difference": fair.demographic_parity_difference(y, s, sensitive_features=g),
        "dp_ratio": fair.demographic_parity_ratio(y, s, sensitive_features=g),
        "eo_difference": fair.equalized_odds_difference(y, s, sensitive_features=g),
        "eo_ratio": fair.equalized_odds_ratio(y, s, sensitive_features=g),
        "equal_opportunity_difference": fair.equal_opportunity_difference(y, s, sensitive_features=g)}, groups=g)


def delong(y, a, b):
    """The textbook O(mn) form: DeLong, DeLong and Clarke-Pearson 1988."""
    def parts(s):
        pos, neg = s[y == 1], s[y == 0]
        psi = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
        return psi.mean(), psi.mean(axis=1), psi.mean(axis=0)
    (auc_a, va10, va01), (auc_b, vb10, vb01) = parts(a), parts(b)
    cov = np.cov([va10, vb10]) / len(va10) + np.cov([va01, vb01]) / len(va01)
    error = np.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    z = (auc_b - auc_a) / error
    return {"champion": auc_a, "challenger": auc_b, "std_error": error, "p_value": 2 * stats.norm.sf(abs(z))}


for n in (30, 500):
    y = rng.integers(0, 2, n)
    a, b = np.round(y * 0.3 + rng.random(n), 2), np.round(y * 0.5 + rng.random(n), 2)
    write("paired", f"paired{n}", y, np.concatenate([a, b]), delong(y, a, b))
out.close()
