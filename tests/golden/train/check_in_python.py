#!/usr/bin/env python3
"""Loads a model that mlean trained into Python's xgboost and compares its log-loss on the validation rows with mlean's.

Usage: MLEAN_TRAIN_OUT=DIR mlean_train_test --gtest_also_run_disabled_tests --gtest_filter='*ForPython'; check_in_python.py DIR
"""
import json
import sys

import numpy as np
import pandas as pd
import xgboost as xgb

folder = sys.argv[1]
booster = xgb.Booster(model_file=f"{folder}/model.ubj")
schema = json.loads(booster.attr("mlean.schema"))
rows = pd.read_csv(f"{folder}/valid.csv", keep_default_na=False, na_values=["", "nan"])
block = np.empty((len(rows), len(schema["features"])), dtype=np.float32)
for i, feature in enumerate(schema["features"]):
    column = rows[feature["name"]]
    if feature["kind"] == "category":
        codes = {word: code for code, word in enumerate(feature["categories"])}
        column = column.map(codes)
    block[:, i] = column.astype(float)
matrix = xgb.DMatrix(block, feature_names=booster.feature_names, feature_types=booster.feature_types, enable_categorical=True)
p = booster.predict(matrix).astype(float)
y = rows["late"].to_numpy()
theirs = -np.mean(np.log(np.where(y == 1, p, 1 - p)))
ours = float(open(f"{folder}/score.txt").read())
print(f"xgboost {xgb.__version__}: features {booster.feature_names} {booster.feature_types}, log-loss {theirs:.9f}, mlean {ours:.9f}")
sys.exit(0 if abs(theirs - ours) < 1e-6 else 1)
