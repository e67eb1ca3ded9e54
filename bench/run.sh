#!/bin/sh
# ./dev bench: measures the release build at build/mlean against the budgets; see bench/README.md.
set -eu
cd "$(dirname "$0")/.."
exec .deps/python/bin/python bench/run.py "$@"
