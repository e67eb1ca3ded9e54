#!/bin/sh
# Fails when a co_await expression makes an aggregate, a braced temporary or a lambda: GCC 12 destroys such a temporary twice.
# Name it on a line of its own and std::move it. By line; a line ending in "co_await f(" is read together with the next.
#   tools/check_coawait.sh [FILE...]     default: all C++ files under src/
set -eu
cd "$(dirname "$0")/.."
if [ $# -eq 0 ]; then
  # Names of sources hold no blanks.
  # shellcheck disable=SC2046
  set -- $(find src -name '*.cpp' -o -name '*.hpp')
fi
awk '
  function report(text) { printf "%s:%d: temporary inside co_await, name it first: %s\n", FILENAME, start, text; found = 1 }
  FNR == 1 { joined = "" }
  {
    line = $0
    sub(/\/\/.*/, "", line)
    if (joined != "") { sub(/^[ \t]+/, "", line); line = joined line; joined = "" } else { start = FNR }
    at = index(line, "co_await")
    if (at == 0) next
    rest = substr(line, at)
    opened = gsub(/\(/, "(", rest); closed = gsub(/\)/, ")", rest)
    if (rest !~ /;/ && opened > closed && FNR - start < 10) { joined = line; next }
    sub(/;.*/, "", rest)
    # f([  f(x, [  f({  f(x, {  f(T{  f(T<U>{  f(ns::T{
    if (rest ~ /[(,][ \t]*\[/ || rest ~ /[(,][ \t]*\{/ || rest ~ /[A-Za-z0-9_>][ \t]*\{/) report(rest)
  }
  END { exit found }
' "$@"
