#!/usr/bin/env bash
# What a clean build with the tests costs: CPU minutes (user and system, every process), wall minutes, steps, and the
# steps that took longest. Without ccache. Usage: bench/build_cost.sh [cmake options ...]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
export CCACHE_DISABLE=1
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DHEAT_BUILD_TESTS=ON "$@" >"$build/configure.log" 2>&1 ||
  { cat "$build/configure.log"; exit 1; }
before=$(awk '{print $16 + $17}' /proc/$$/stat)  # ticks of ended children
start=$SECONDS
cmake --build "$build" >"$build/build.log" 2>&1 || { tail -n 40 "$build/build.log"; exit 1; }
after=$(awk '{print $16 + $17}' /proc/$$/stat)
awk -v ticks=$((after - before)) -v hertz="$(getconf CLK_TCK)" -v wall=$((SECONDS - start)) \
    -v steps="$(grep -c '^\[' "$build/build.log")" \
    'BEGIN { printf "CPU %.1f min, wall %.1f min, %d steps\n", ticks / hertz / 60, wall / 60, steps }'
echo "longest steps (wall s):"
awk -F '\t' '!/^#/ { printf "%7.1f  %s\n", ($2 - $1) / 1000, $4 }' "$build/.ninja_log" | sort -rn | awk 'NR <= 20'
