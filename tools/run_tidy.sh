#!/bin/sh
# clang-tidy over the sources (not the tests) that changed since their last clean run: stamps by content under build/tidy.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build/tidy
# Lint comes before the build: the commands go without its precompiled headers.
sed -E 's/-Winvalid-pch (-Xclang -include-pch -Xclang [^ ]*cmake_pch\.hxx\.pch -Xclang -include -Xclang [^ ]*cmake_pch\.hxx)//' build/dev/compile_commands.json >build/tidy/compile_commands.json
git ls-files --cached --others --exclude-standard 'src/*.cpp' | grep -vE '_(test|bench|fuzz)\.cpp$' | while read -r file; do
  key=$(cat "$file" .clang-tidy | sha256sum | cut -c1-24)
  [ -e "build/tidy/$key" ] || printf '%s %s\n' "$file" "$key"
done | xargs -r -P2 -L1 sh tools/tidy_one.sh
