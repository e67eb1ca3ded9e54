#!/bin/sh
# lock_python.sh [FOLDER]: makes FOLDER/requirements.txt (default: tests/clients) from its requirements.in: every package with version
# and the SHA-256 of its wheels for the Python versions that we support. Run by hand when requirements.in changes; needs the network.
set -eu
cd "$(dirname "$0")/../${1:-tests/clients}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for python in 3.11 3.12; do
  python3 -m pip install --quiet --dry-run --ignore-installed --no-cache-dir --isolated --only-binary=:all: --python-version "$python" --target "$work/t" \
    --report "$work/$python.json" -r requirements.in
done
python3 - "$work" > requirements.txt <<'P'
import glob, json, sys
pins = {}
for report in sorted(glob.glob(sys.argv[1] + "/*.json")):
    for item in json.load(open(report))["install"]:
        name = item["metadata"]["name"].lower().replace("_", "-")
        pins.setdefault((name, item["metadata"]["version"]), set()).add(item["download_info"]["archive_info"]["hashes"]["sha256"])
names = [name for name, _ in pins]
assert len(names) == len(set(names)), "one package, two versions: " + str([n for n in names if names.count(n) > 1])
print("# Made by tools/lock_python.sh from requirements.in; do not edit.")
for (name, version), hashes in sorted(pins.items()):
    print(f"{name}=={version} " + " ".join(f"--hash=sha256:{h}" for h in sorted(hashes)))
P
