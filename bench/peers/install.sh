#!/bin/sh
# SPDX-License-Identifier: MIT
# sh bench/peers/install.sh [BUILD]: installs the peers, from Debian's packages and, into a virtual environment in the
# build folder (default: build/release), from Python's package index. That part takes 5.6 GB, because PyTorch for
# Linux brings the libraries of CUDA along.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$root/build/release}
# shellcheck source=../../cmake/prerequisites.sh
. "$root/cmake/prerequisites.sh"

# shellcheck disable=SC2086,SC2154  # lists of words, from prerequisites.sh
need $tools $libraries libbenchmark-dev python3-venv libdnnl-dev libtorch-dev libdlib-dev libopenblas-dev

environment=$build/bench/peers/venv
say "Python peers, into $environment"
python3 -m venv "$environment"
"$environment/bin/pip" install --upgrade --quiet torch onnx onnxruntime
