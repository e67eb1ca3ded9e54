"""Writes sources.json: what a running MLflow server answers to the cases of tests/http/version_sources.py.

    mlflow server --port 5871 --backend-store-uri sqlite:///new.db &
    python tests/golden/registry/make_sources.py http://127.0.0.1:5871
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "http"))
from version_sources import CASES, Sources  # noqa: E402

server = Sources(sys.argv[1])
rows = [{"asked": case, "status": status, "answer": answer} for case in CASES for status, answer in [server.ask(case)]]
(HERE / "sources.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
