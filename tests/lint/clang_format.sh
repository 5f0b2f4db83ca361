#!/usr/bin/env bash
# Every C and C++ file of the tree is formatted as .clang-format says. With --fix: formats them.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
mapfile -t files < <(find base spec machines sim offline firmware traces tests bench -name '*.h' -o -name '*.cpp' -o -name '*.c' | sort)
[ ${#files[@]} -gt 0 ] || { echo "no files found"; exit 1; }
if [ "${1:-}" = --fix ]; then
  clang-format -i "${files[@]}"
else
  clang-format --dry-run --Werror "${files[@]}"
fi
echo "${#files[@]} files"
