"""Writes nasty.parquet: 60 rows that hold what validation gets wrong. Needs pandas and pyarrow."""
import datetime as dt
import math
import os

import pandas as pd

N = 60
rows = []
for i in range(N):
    rows.append({
        "id": i,
        "qty": (i * 7) % 13 - 2,
        "age": math.nan if i % 12 == 5 else 18 + (i * 37) % 60 + (0.5 if i % 4 == 0 else 0.0),
        "big": math.inf if i == 7 else -math.inf if i == 31 else i * 1e12,
        "name": None if i % 10 == 3 else ["Ann", "O'Brien", "naïve", " ", "", "bob\nx", "Zoë", "ann", "b\"q", "Li"][i % 10],
        "code": ("X%02d" % i) if i % 20 else "bad-%d" % i,
        "group": ["north", "south", "east", None, "north"][i % 5],
        "flag": i % 3 == 0,
        "when": None if i % 15 == 4 else dt.datetime(1965 + i, 1 + i % 12, 1 + i % 28, i % 24, 30),
        "sorted": None if i == 10 else i if i != 40 else 5,
        "const": 4,
        "nothing": math.nan,
        "x": float(i % 8),
        "y": math.nan if i % 9 == 2 else float(i % 6),
        "s1": 1 + i % 3,
        "s2": 2,
        "s3": 3 - i % 3 if i != 11 else 9,
        "day": "2013-%02d-%02d" % (1 + i % 12, 1 + i % 28) if i != 17 else "13/2/2013",
        "num": str(i) if i % 6 else "n/a%d" % i,
    })
frame = pd.DataFrame(rows)
frame["when"] = pd.to_datetime(frame["when"]).astype("datetime64[us]")
frame["sorted"] = frame["sorted"].astype("Int64")
frame["nothing"] = frame["nothing"].astype("float64")
frame.to_parquet(os.path.join(os.path.dirname(os.path.abspath(__file__)), "nasty.parquet"), index=False)
