#!/bin/sh
# Checks one source and stamps it when it is clean: tidy_one.sh FILE KEY. Part of run_tidy.sh.
set -u
log=build/tidy/$2.log
if clang-tidy-14 --quiet -p build/tidy "$1" >"$log" 2>&1; then
  touch "build/tidy/$2"
  rm -f "$log"
  exit 0
fi
grep -E '(error|warning):' "$log" | head -n 20
rm -f "$log"
exit 1
