#!/usr/bin/env bash
# format.sh [--check]: has clang-format write all C and C++ sources anew, or with --check fails and shows the lines that it
# would write otherwise. Its version is fixed, since versions format differently.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
clang_format=${CLANG_FORMAT:-clang-format-14}

version=$("$clang_format" --version 2>/dev/null)
if [[ ! $version =~ version\ 14\. ]]; then
  printf 'format.sh: expected clang-format 14 as `%s`, got %s: apt-get install clang-format-14, or set CLANG_FORMAT\n' \
    "$clang_format" "${version:-none}" >&2
  exit 2
fi
# Not generated/, which attnc writes, nor build folders of examples.
mapfile -d '' files < <(find codegen dsl examples runtime tests -name build -prune -o \
  -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.c' \) -print0 | sort -z)
if [[ ${#files[@]} == 0 ]]; then
  printf 'format.sh: there are no sources in %s\n' "$PWD" >&2
  exit 2
fi

# Some files at a time, as many times at once as there are processors.
each() { printf '%s\0' "${files[@]}" | xargs -0 -n 20 -P "$(nproc)" "$@"; }
if [[ ${1:-} != --check ]]; then
  each "$clang_format" -i || exit 1
  printf 'formatted %s files\n' "${#files[@]}"
  exit
fi
wrong=$(each bash -c '
  for file in "${@:2}"; do
    "$1" "$file" | diff -u --label "$file" --label "$file, formatted" "$file" - || exit=1
  done
  exit ${exit:-0}' - "$clang_format" 2>&1)
code=$?
if [[ $code != 0 || -n $wrong ]]; then
  printf '%s\nformat.sh: these lines are not as clang-format writes them: run ./dev format\n' "$wrong" >&2
  exit 1
fi
printf '%s files are formatted\n' "${#files[@]}"
