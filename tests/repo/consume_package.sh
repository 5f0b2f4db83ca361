#!/usr/bin/env bash
# Installs the libraries into a fresh folder and builds and runs tests/repo/consumer against that alone.
# Arguments: the build folder, the C++ compiler, further CMake options.
set -euo pipefail
build=$(readlink -f "$1")
compiler=$2
shift 2
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --component development --prefix "$work/prefix" >"$work/install.log" || { cat "$work/install.log"; exit 1; }
# No trace of the source tree may be in what is installed.
if grep -rlF --include='*.cmake' --include='*.h' -e "$(readlink -f "$here/../..")" "$work/prefix"; then
  echo "the files above name the source tree"
  exit 1
fi
cp -r "$here/consumer" "$work/consumer"
cmake -S "$work/consumer" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$compiler" "$@"
cmake --build "$work/build"
"$work/build/consumer" "$here/../../configs/dram/hbm2.yaml" "$work/run.sqlite"
