#!/bin/sh
# clang-tidy over the sources (not the tests) that changed since their last clean run: stamps by content under build/tidy.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build/tidy
# GCC's precompiled headers mean nothing to clang: the commands go without.
sed 's/-Winvalid-pch -include [^ ]*cmake_pch\.hxx//' build/dev/compile_commands.json >build/tidy/compile_commands.json
git ls-files --cached --others --exclude-standard 'src/*.cpp' | grep -vE '_(test|bench|fuzz)\.cpp$' | while read -r file; do
  key=$(cat "$file" .clang-tidy | sha256sum | cut -c1-24)
  [ -e "build/tidy/$key" ] || printf '%s %s\n' "$file" "$key"
done | xargs -r -P2 -L1 sh tools/tidy_one.sh
