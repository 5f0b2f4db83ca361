#!/usr/bin/env bash
# The checks of .clang-tidy hold in the rooms that every other room stands on. Argument: the build folder.
set -euo pipefail
build=$(readlink -f "$1")
cd "$(dirname "$(readlink -f "$0")")/../.."
# Files without LibTorch: parsing its headers costs more than the rest together.
mapfile -t files < <(find base spec machines traces sim firmware offline/path offline/mapper offline/decompose -name '*.cpp' | sort)
[ ${#files[@]} -gt 0 ] || { echo "no files found"; exit 1; }
# Without the precompiled headers: they are GCC's, and a missing include shows.
commands=$(mktemp -d)
trap 'rm -rf "$commands"' EXIT
sed 's/ -include [^ ]*cmake_pch\.hxx//' "$build/compile_commands.json" >"$commands/compile_commands.json"
printf '%s\n' "${files[@]}" | xargs -P 2 -n 4 bash -c 'clang-tidy --quiet --extra-arg=-Werror --extra-arg=-Wno-unknown-warning-option -p "$0" "$@" 2> >(grep -v "warnings generated" >&2)' "$commands"
echo "${#files[@]} files"
