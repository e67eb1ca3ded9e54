#!/bin/sh
# Fails on an #include from one room to another that tools/layers.txt does not allow. Tests obey the same rule.
# Fails also on a change of the registry that webhooks would not hear of: those go through src/flows/registry_events.hpp.
set -eu
cd "$(dirname "$0")/.."
if grep -rnE --include=*.cpp 'registry::((Create|Ensure)Model|CreateVersion|(Set|Delete)(Alias|ModelTag|VersionTag))\(' src |
  grep -vE '^src/(flows/registry_events|registry/[a-z_]+)\.cpp:'; then
  echo "these changes of the registry go through src/flows/registry_events.hpp"
  exit 1
fi
find src -name '*.[ch]pp' | sort | xargs awk '
  FNR == 1 { n = split(FILENAME, part, "/"); room = part[2] }
  /^#include "[a-z_]+\// {
    split($0, piece, "\""); target = piece[2]; sub(/\/.*/, "", target)
    if (target != room) print room, target, FILENAME ":" FNR
  }' | awk '
  BEGIN {
    while ((getline line < "tools/layers.txt") > 0) {
      if (line ~ /^#/ || line !~ /:/) continue
      split(line, half, ":"); known[half[1]] = 1
      n = split(half[2], allowed, " "); for (i = 1; i <= n; i++) ok[half[1] " " allowed[i]] = 1
    }
  }
  !($1 in known) { print $3 ": room " $1 " is not in tools/layers.txt"; bad = 1; next }
  !(($1 " " $2) in ok) { print $3 ": room " $1 " may not include room " $2; bad = 1 }
  END { exit bad }'
