#!/bin/sh
# clang-tidy over the sources that changed since their last clean run (stamps by content under build/tidy).
set -eu
cd "$(dirname "$0")/.."
mkdir -p build/tidy
git ls-files --cached --others --exclude-standard 'src/*.cpp' | while read -r file; do
  key=$(cat "$file" .clang-tidy | sha256sum | cut -c1-24)
  [ -e "build/tidy/$key" ] || printf '%s %s\n' "$file" "$key"
done | xargs -r -P2 -L1 sh -c 'clang-tidy-14 --quiet -p build/dev "$0" >"build/tidy/$1.log" 2>&1 && touch "build/tidy/$1" && rm "build/tidy/$1.log" || { grep -E "error|warning" "build/tidy/$1.log" | head -n 20; rm -f "build/tidy/$1.log"; exit 255; }'
