# SPDX-License-Identifier: MIT
# sh cmake/demo.sh: installs what is missing, builds the examples and trains a network.
set -eu
cd "$(dirname "$0")/.."
. cmake/prerequisites.sh

# shellcheck disable=SC2086  # lists of words
need $tools $libraries
say "Building three of the programs in examples/, with one of their networks"
cmake --preset release -B build/demo -DRESNET_BUILD_TESTS=OFF -DRESNET_BUILD_BENCHMARKS=OFF -DRESNET_NETWORKS=resnet18_narrow
cmake --build build/demo --parallel "$(job_count)" --target train evaluate classify

# Two cores train about 50 images a second with the full ResNet-18 (11.2 million parameters), too few for three
# minutes; with a quarter of its channels (0.7 million) more than 200.
programs=build/demo/examples run=build/demo/run
export OMP_WAIT_POLICY=passive  # waiting threads that spin make a busy machine ten times slower
rm -rf "$run"
say "Training ResNet-18 with a quarter of its channels: the full network would need over ten minutes on two cores"
"$programs/train" --model resnet18_narrow --train-images 12000 --epochs 3 --batch-size 64 --nesterov --warmup-epochs 0.3 \
  --run-dir "$run"

say "Testing the weights on held-out images"
"$programs/evaluate" "$run/weights.safetensors" --export-images "$run/images" --export-count 5

say "Classifying five of them, whose names tell what they show"
"$programs/classify" "$run/weights.safetensors" "$run"/images/*.png

say "Weights: $run/weights.safetensors   report: $run/report.html   the programs and their options: $programs/train --help"
