#!/usr/bin/env bash
# format.sh [--check]: formats all C and C++ sources with clang-format. With --check it fails and shows the lines that
# clang-format would change. The version is fixed, because versions format differently.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
clang_format=${CLANG_FORMAT:-clang-format-14}

version=$("$clang_format" --version 2>/dev/null)
if [[ ! $version =~ version\ 14\. ]]; then
  printf 'format.sh: expected clang-format 14 as `%s`, got %s: apt-get install clang-format-14, or set CLANG_FORMAT\n' \
    "$clang_format" "${version:-none}" >&2
  exit 2
fi
# Not generated/, which attnc writes, and not the build folders of examples.
mapfile -d '' files < <(find codegen dsl examples runtime tests -name build -prune -o \
  -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.c' \) -print0 | sort -z)
if [[ ${#files[@]} == 0 ]]; then
  printf 'format.sh: there are no sources in %s\n' "$PWD" >&2
  exit 2
fi

# Several files at a time, in as many processes as there are processors.
each() { printf '%s\0' "${files[@]}" | xargs -0 -n 20 -P "$(nproc)" "$@"; }
if [[ ${1:-} != --check ]]; then
  each "$clang_format" -i || exit 1
  printf 'formatted %s files\n' "${#files[@]}"
  exit
fi
if ! said=$(each "$clang_format" --dry-run -Werror 2>&1); then
  # The relevant lines of the output begin with FILE:LINE:COLUMN: error.
  mapfile -t wrong < <(sed -n 's/^\([^: ]*\):[0-9]*:[0-9]*: error: .*/\1/p' <<<"$said" | sort -u)
  [[ ${#wrong[@]} == 0 ]] && printf '%s\n' "$said" >&2
  for file in "${wrong[@]}"; do
    "$clang_format" "$file" | diff -u --label "$file" --label "$file, formatted" "$file" - >&2
  done
  printf 'format.sh: these lines are not as clang-format writes them: run ./dev format\n' >&2
  exit 1
fi
printf '%s files are formatted\n' "${#files[@]}"
