"""Writes golden_ge1.json: what great_expectations 1.24.1 answers for each case of cases.py, formats SUMMARY and COMPLETE.
Run in a virtual environment with great_expectations==1.24.1 and pyarrow."""
import json
import os
import warnings

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.expectations.registry import get_expectation_impl

from cases import CASES

warnings.filterwarnings("ignore")
here = os.path.dirname(os.path.abspath(__file__))
frame = pd.read_parquet(os.path.join(here, "nasty.parquet"))


def plain(value):
    """JSON by way of str for what json does not know."""
    return json.loads(json.dumps(value, default=lambda v: v.item() if hasattr(v, "item") else str(v)))


context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
batch = asset.add_batch_definition_whole_dataframe("b").get_batch({"dataframe": frame})
out = []
for type_, kwargs in CASES:
    item = {"type": type_, "kwargs": kwargs}
    for fmt in ("SUMMARY", "COMPLETE"):
        try:
            expectation = get_expectation_impl(type_)(**kwargs)
            result = plain(batch.validate(expectation, result_format=fmt).to_json_dict())
            item[fmt] = {k: result[k] for k in ("success", "result")}
            info = result["exception_info"]
            raised = info.get("raised_exception")
            if raised is None:
                raised = any(v.get("raised_exception") for v in info.values())
                message = "; ".join(v.get("exception_message") or "" for v in info.values())
            else:
                message = info.get("exception_message")
            item[fmt]["raised"] = bool(raised)
            if raised:
                item[fmt]["message"] = message
        except Exception as error:  # refused at construction
            item[fmt] = {"refused": f"{type(error).__name__}: {str(error)[:300]}"}
    out.append(item)
with open(os.path.join(here, "golden_ge1.json"), "w") as f:
    json.dump({"version": gx.__version__, "pandas": pd.__version__, "cases": out}, f, indent=1)
