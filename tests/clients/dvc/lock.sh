#!/bin/sh
# Makes requirements.txt from requirements.in: every package with its version and the SHA-256 of the file that pip takes on Linux, for Python
# 3.11 and 3.12. Run by hand with Python 3.11 when requirements.in changes; needs the network. Unlike tools/lock_python.sh it first resolves
# for the Python that runs it, because one package has no wheel and pip then refuses to resolve for another one.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pip="python3 -m pip install --quiet --dry-run --ignore-installed --no-cache-dir --isolated --disable-pip-version-check"
$pip --report "$work/all.json" -r requirements.in
python3 -c 'import json, sys
for item in json.load(open(sys.argv[1]))["install"]: print(item["metadata"]["name"] + "==" + item["metadata"]["version"])' "$work/all.json" >"$work/pins"
for python in 3.11 3.12; do
  $pip --no-deps --python-version "$python" --target "$work/t" --report "$work/$python.json" -r "$work/pins"
done
python3 - "$work" >requirements.txt <<'P'
import json, sys
pins = {}
for python in ("3.11", "3.12"):
    for item in json.load(open(f"{sys.argv[1]}/{python}.json"))["install"]:
        name = item["metadata"]["name"].lower().replace("_", "-").replace(".", "-")
        pins.setdefault((name, item["metadata"]["version"]), set()).add(item["download_info"]["archive_info"]["hashes"]["sha256"])
print("# Made by lock.sh from requirements.in; do not edit.")
for (name, version), hashes in sorted(pins.items()):
    print(f"{name}=={version} " + " ".join(f"--hash=sha256:{h}" for h in sorted(hashes)))
P
