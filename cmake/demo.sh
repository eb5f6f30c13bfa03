# SPDX-License-Identifier: MIT
# sh cmake/demo.sh: installs what is missing, builds the examples and trains a network.
set -eu
cd "$(dirname "$0")/.."
. cmake/prerequisites.sh

# shellcheck disable=SC2086  # lists of words
need $tools $libraries
say "Building the programs in examples/"
cmake --preset release -B build/demo -DRESNET_BUILD_TESTS=OFF -DRESNET_BUILD_BENCHMARKS=OFF
cmake --build build/demo --parallel "$(job_count)"

say "Training"
build/demo/examples/train --help
