#!/bin/sh
# No source file over 600 lines; every .cpp under src is picked up by the build (the globs take every file, so only misplaced ones can miss).
set -eu
cd "$(dirname "$0")/.."
status=0
{
  find src tests tools bench web/src -name '*.cpp' -o -name '*.hpp' -o -name '*.py' -o -name '*.sh' -o -name '*.ts' -o -name '*.tsx' 2>/dev/null |
    while read -r file; do
      lines=$(wc -l <"$file")
      [ "$lines" -le 600 ] || echo "$file: $lines lines, over 600: split it by concept"
    done
  find src -name '*.cpp' | while read -r file; do
    room=$(echo "$file" | cut -d/ -f2)
    grep -q "^$room:" tools/layers.txt || echo "$file: room $room is not in tools/layers.txt, so this file is in no build"
    case $file in
      *_test.cpp) [ ! -f build/dev/build.ninja ] || grep -q "$file" build/dev/build.ninja || echo "$file: not in the build; run cmake --preset dev" ;;
    esac
  done
} >"${TMPDIR:-/tmp}/mlean-sizes.$$"
cat "${TMPDIR:-/tmp}/mlean-sizes.$$"
[ ! -s "${TMPDIR:-/tmp}/mlean-sizes.$$" ] || status=1
rm -f "${TMPDIR:-/tmp}/mlean-sizes.$$"
exit $status
