"""Makes the golden models and their expected margins with the real xgboost package.

Run once per version, in an environment with that xgboost, numpy and (for 3.x) pandas:
    python make_golden.py TAG          # TAG: v17 or v32, the prefix of the files
For each model: TAG_name.json or .ubj, and TAG_name.txt, one row a line:
    features | margins | outputs       # float32 bits as 8 hex digits each
and TAG_base_scores.csv, TAG_frame.csv (3.x), whose rows tell themselves.
Rows hold random values, missing values, categories in and out of range, and thresholds of the model -1, +0 and +1 ulp.
"""
import json
import sys

import numpy as np
import xgboost as xgb

TAG = sys.argv[1]
MAJOR = int(xgb.__version__.split(".")[0])
N, F = 400, 6
rng = np.random.default_rng(7)


def bits(values):
    return " ".join("%08x" % b for b in np.asarray(values, dtype=np.float32).ravel().view(np.uint32))


def data(categorical=False, missing=True):
    x = rng.normal(size=(N, F)).astype(np.float32)
    x[:, 1] = rng.integers(0, 5, N)
    if categorical:
        x[:, 2] = rng.integers(0, 4, N)
        x[:, 3] = rng.integers(0, 40, N)
    if missing:
        x[rng.random((N, F)) < 0.1] = np.nan
    return x


def score(x):
    z = np.nan_to_num(x)
    return z[:, 0] + np.sin(z[:, 1] * 2) - 0.5 * z[:, 2] * z[:, 3] + 0.3 * (z[:, 3] % 3) + np.isnan(x[:, 4])


def probe_rows(booster, x, categorical):
    """A few training rows, then rows in which one feature sits at a threshold or one ulp beside it."""
    rows = list(x[:24])
    model = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]
    model = model.get("gbtree", model)["model"]
    probes = []
    for tree in model.get("trees", []):
        for i, left in enumerate(tree["left_children"]):
            if left != -1 and tree["split_type"][i] == 0:
                probes.append((tree["split_indices"][i], np.float32(tree["split_conditions"][i])))
    rng.shuffle(probes)
    for feature, threshold in probes[:10]:
        for value in (np.nextafter(threshold, np.float32(-np.inf)), threshold, np.nextafter(threshold, np.float32(np.inf))):
            row = x[rng.integers(0, N)].copy()
            row[int(feature)] = value
            rows.append(row)
    if categorical:
        for value in (-1, 0, 3, 3.7, 4, 31, 32, 39, 40, 64, 1000, 16777215, np.nan):
            row = x[rng.integers(0, N)].copy()
            row[int(rng.integers(2, 4))] = value
            rows.append(row)
    rows.append(np.full(F, np.nan, np.float32))
    rows.append(np.zeros(F, np.float32))
    rows.append(np.full(F, -0.0, np.float32))
    return np.asarray(rows, dtype=np.float32)


def write(name, booster, x, form, categorical=False, feature_types=None):
    booster.save_model(f"{TAG}_{name}.{form}")
    booster = xgb.Booster(model_file=f"{TAG}_{name}.{form}")
    rows = probe_rows(booster, x, categorical)
    matrix = xgb.DMatrix(rows, feature_names=booster.feature_names, feature_types=booster.feature_types,
                         enable_categorical=categorical)
    margins = booster.predict(matrix, output_margin=True)
    outputs = booster.predict(matrix)
    with open(f"{TAG}_{name}.txt", "w") as out:
        for i in range(len(rows)):
            out.write(f"{bits(rows[i])} | {bits(margins[i])} | {bits(outputs[i])}\n")


def train(name, params, target=None, form="json", rounds=8, categorical=False, names=None, types=None, attributes=None, **more):
    x = data(categorical)
    y = score(x) if target is None else target(score(x))
    params = {"max_depth": 4, "eta": 0.3, "seed": 1, "nthread": 1, "tree_method": "hist", **params}
    matrix = xgb.DMatrix(x, label=y, feature_names=names, feature_types=types, enable_categorical=categorical)
    for key, value in more.items():
        matrix.set_float_info(key, value(y).astype(np.float32))
    booster = xgb.train(params, matrix, rounds)
    if attributes:
        booster.set_attr(**attributes)
    write(name, booster, x, form, categorical)


def binary(s):
    return (s > np.median(s)).astype(np.float32)


def classes(s):
    return np.digitize(s, np.quantile(s, [0.33, 0.66])).astype(np.float32)


def counts(s):
    return np.floor(np.exp(np.clip(s, -2, 2)) * 2)


def positive(s):
    return np.exp(np.clip(s, -2, 2)) + 0.1


NAMES = ["hour", "day", "carrier", "origin", "wind", "distance"]
CAT = ["q", "int", "c", "c", "q", "i" if MAJOR < 2 else "float"]

train("binary", {"objective": "binary:logistic"}, binary, "json", names=NAMES)
train("binary_base", {"objective": "binary:logistic", "base_score": 0.23}, binary, "ubj", names=NAMES)
train("multi", {"objective": "multi:softprob", "num_class": 3}, classes, "ubj", rounds=4)
train("softmax", {"objective": "multi:softmax", "num_class": 3}, classes, "json", rounds=3)
train("squared", {"objective": "reg:squarederror"}, None, "json", rounds=8)
train("poisson", {"objective": "count:poisson"}, counts, "ubj")
train("gamma", {"objective": "reg:gamma"}, positive, "json", rounds=4)
train("tweedie", {"objective": "reg:tweedie", "base_score": 1.3}, positive, "ubj", rounds=4)
train("cox", {"objective": "survival:cox"}, positive, "ubj", rounds=4)
train("aft", {"objective": "survival:aft"}, positive, "json", rounds=4, label_lower_bound=lambda y: y, label_upper_bound=lambda y: y + 1)
train("logitraw", {"objective": "binary:logitraw", "base_score": 0.3}, binary, "json", rounds=4)
train("hinge", {"objective": "binary:hinge"}, binary, "ubj", rounds=4)
train("dart", {"booster": "dart", "rate_drop": 0.4, "objective": "reg:squarederror"}, None, "ubj", rounds=10)
train("dart_multi", {"booster": "dart", "rate_drop": 0.4, "objective": "multi:softprob", "num_class": 3}, classes, "json", rounds=3)
train("linear", {"booster": "gblinear", "tree_method": "auto", "objective": "binary:logistic"}, binary, "json")
train("category", {"objective": "binary:logistic", "max_cat_to_onehot": 6}, binary, "json", categorical=True, names=NAMES, types=CAT)
train("category_ubj", {"objective": "reg:squarederror", "max_cat_to_onehot": 2, "max_depth": 6}, None, "ubj", rounds=6, categorical=True,
      names=NAMES, types=CAT)
train("exact", {"tree_method": "exact", "gamma": 0.6, "objective": "reg:squarederror", "max_depth": 5}, None, "ubj", rounds=5)
train("lopsided", {"grow_policy": "lossguide", "max_depth": 0, "max_leaves": 40, "min_child_weight": 0, "objective": "reg:squarederror"}, None, "ubj", rounds=4)
train("parallel", {"num_parallel_tree": 3, "subsample": 0.7, "objective": "multi:softprob", "num_class": 3}, classes, "ubj", rounds=2,
      attributes={"best_iteration": "0"})
train("targets", {"objective": "reg:squarederror"}, lambda s: np.stack([s, -2 * s, s * s], axis=1), "ubj", rounds=3)
train("stump", {"objective": "binary:logistic", "gamma": 1e9}, binary, "ubj", rounds=2)
# Margins of base scores: objective, text in the file, bits of the margin of a model without trees.
with open(f"{TAG}_base_scores.csv", "w") as out:
    for objective in ("binary:logistic", "binary:logitraw", "count:poisson", "reg:gamma", "survival:cox", "reg:squarederror"):
        for base in np.round(rng.uniform(0.001, 0.999, 40), 5):
            matrix = xgb.DMatrix(np.zeros((4, 2), np.float32), label=np.array([0, 1, 1, 1], np.float32))
            booster = xgb.train({"objective": objective, "base_score": float(base), "nthread": 1}, matrix, 0)
            text = json.loads(booster.save_config())["learner"]["learner_model_param"]["base_score"]
            out.write(f"{objective};{text};{bits(booster.predict(matrix, output_margin=True)[:1])}\n")
if MAJOR >= 2:
    train("quantile", {"objective": "reg:quantileerror", "quantile_alpha": np.array([0.1, 0.5, 0.9])}, None, "json", rounds=3)
    train("vector_leaf", {"objective": "reg:squarederror", "multi_strategy": "multi_output_tree"},
          lambda s: np.stack([s, -s], axis=1), "ubj", rounds=2)
if MAJOR >= 3:
    import pandas

    x = data(True, False)
    words = np.array(["AA", "UA", "DL", "WN"])
    frame = pandas.DataFrame({"hour": x[:, 0], "carrier": pandas.Categorical(words[x[:, 2].astype(int)]),
                              "code": pandas.Categorical(x[:, 3].astype(int) * 10), "late": x[:, 1] > 2})
    booster = xgb.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1},
                        xgb.DMatrix(frame, label=binary(score(x)), enable_categorical=True), 3)
    # A second model, of which only the file is wanted: its category names are beyond ASCII.
    other = pandas.DataFrame({"city": pandas.Categorical(np.array(["Bern", "Zürich"])[(x[:, 1] > 2).astype(int)])})
    xgb.train({"max_depth": 1, "nthread": 1}, xgb.DMatrix(other, label=x[:, 1], enable_categorical=True), 1).save_model(f"{TAG}_umlaut.json")
    booster.save_model(f"{TAG}_frame.ubj")
    booster.save_model(f"{TAG}_frame.json")
    probe = frame.head(40)
    margins = booster.predict(xgb.DMatrix(probe, enable_categorical=True), output_margin=True)
    with open(f"{TAG}_frame.csv", "w") as out:
        out.write("hour,carrier,code,late,margin_bits\n")
        for i, row in probe.iterrows():
            out.write(f"{bits([row.hour])},{row.carrier},{row.code},{int(row.late)},{bits([margins[i]])}\n")
