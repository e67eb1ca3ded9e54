#!/bin/sh
# One fuzzer for a while: tools/run_fuzzer.sh build/fuzz/fuzz_NAME SECONDS [SEED]. Without a seed it takes one of its own; with one
# it walks the same way every time, so what CI ran can be run again. Starts from fuzz/corpus/NAME; what it finds beyond that
# and what crashes it lie in build/fuzz/found/NAME. Quiet when nothing was found.
set -eu
fuzzer=$1
seconds=$2
seed=${3:-0} # 0: by the clock
name=${fuzzer##*/fuzz_}
found=build/fuzz/found/$name
mkdir -p "$found" "fuzz/corpus/$name"
if "$fuzzer" -max_total_time="$seconds" -seed="$seed" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 -artifact_prefix="$found/" \
  "$found" "fuzz/corpus/$name" >"$found.log" 2>&1; then
  printf 'fuzz: %s: %s inputs, nothing found\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$found.log")" >&2
else
  tail -n 40 "$found.log" >&2
  printf 'fuzz: %s found something: %s\n' "$name" "$found" >&2
  exit 255 # ends xargs
fi
