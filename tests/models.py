"""Small models that several tests share, and what xgboost itself says about them. Everything from fixed seeds."""

import numpy as np
import pandas as pd
import xgboost as xgb

FEATURES = 4


class Model:
    """A model file and its answers by the PyPI package."""

    def __init__(self, file):
        self.file = file
        self.booster = xgb.Booster(model_file=str(file))

    def predict(self, rows):
        """rows: float32 [n, features], or a frame whose columns are the model's."""
        if isinstance(rows, pd.DataFrame):
            return self.booster.predict(xgb.DMatrix(rows, enable_categorical=True, nthread=1))
        return self.booster.predict(xgb.DMatrix(np.asarray(rows, dtype=np.float32), nthread=1))


def delays(rows=400, seed=7):
    """A table with a category, a whole number, a number with gaps, and a label in words."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "carrier": random.choice(["AA", "B6", "UA"], rows),
            "hour": random.integers(5, 23, rows),
            "distance": random.uniform(80, 4000, rows).round(1),
        }
    )
    margin = 0.25 * (frame.hour - 14) + 1.0 * (frame.carrier == "B6") - 0.0003 * frame.distance
    frame.loc[random.uniform(size=rows) < 0.05, "distance"] = np.nan
    frame["arrival"] = np.where(random.uniform(size=rows) < 1 / (1 + np.exp(-margin)), "late", "on time")
    return frame


def as_delays(rows):
    """Rows of `delays` for xgboost: its categories have the codes that `mlean train` gave them, in order of the alphabet."""
    frame = pd.DataFrame(rows, columns=["carrier", "hour", "distance"])
    return frame.assign(carrier=pd.Categorical(frame.carrier, categories=["AA", "B6", "UA"]))


def numbers(rows=300, seed=11):
    """Rows of FEATURES numbers with a few gaps, and three labels for them: 0 or 1, one of three classes, a number."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, FEATURES)).astype(np.float32)
    binary = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(int)
    classes = binary + (x[:, 3] > 0)
    value = 3 * x[:, 0] - x[:, 1]
    x[random.uniform(size=x.shape) < 0.03] = np.nan
    return x, binary, classes, value


def bare(file, depth=3, rounds=8, objective="binary:logistic", label="binary"):
    """A file as the PyPI package writes it: no names, no schema."""
    x, *labels = numbers()
    y = dict(zip(("binary", "classes", "value"), labels))[label]
    params = {"objective": objective, "max_depth": depth, "nthread": 1, "seed": 1}
    if objective.startswith("multi"):
        params["num_class"] = 3
    xgb.train(params, xgb.DMatrix(x, label=y, nthread=1), rounds).save_model(str(file))
    return Model(file)


def make(root, run):
    """Registers late (trained by mlean), bare (two versions), classes and price (by the PyPI package) under `root`."""
    delays().to_csv(root / "delays.csv", index=False)
    run("train", "delays.csv", "--label", "arrival", "--positive", "late", "--model", "late.ubj", cwd=root)
    made = {
        "late": Model(root / "late.ubj"),
        "bare": bare(root / "bare1.ubj"),
        "bare2": bare(root / "bare2.ubj", depth=5),
        "classes": bare(root / "classes.ubj", objective="multi:softprob", label="classes"),
        "price": bare(root / "price.json", objective="reg:squarederror", label="value"),
    }
    for name, model in made.items():
        run("models", "register", name.rstrip("2"), model.file, cwd=root)
    for name in ("late", "bare", "classes", "price"):
        run("models", "alias", name, "champion", 1, cwd=root)
    run("models", "alias", "bare", "stable", 2, cwd=root)
    return made
