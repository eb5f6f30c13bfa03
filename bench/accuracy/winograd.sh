#!/bin/sh
# SPDX-License-Identifier: MIT
# sh bench/accuracy/winograd.sh PROGRAMS DATA [SCRATCH]: does Winograd's rounding cost accuracy? Trains a narrow ResNet-18 on
# 5,000 images of CIFAR-10 with three seeds, with Winograd's algorithm and without, and prints each test accuracy and the
# means. PROGRAMS is the folder of `train`, DATA holds cifar-10-batches-bin.
set -eu
programs=$1 data=$2 scratch=${3:-$(mktemp -d)}
for seed in 1 2 3; do
  for convolution in fastest direct; do
    run=$scratch/$convolution-$seed
    if ! grep -q '^test accuracy' "$run.log" 2>/dev/null; then  # else an earlier call has finished this one
      rm -rf "$run"
      "$programs/train" --data cifar10 --data-dir "$data" --train-images 5000 --test-images 5000 --model resnet18_narrow --epochs 5 \
        --batch-size 64 --nesterov --schedule onecycle --convolution $convolution --seed $seed --run-dir "$run" >"$run.log"
    fi
    echo "$convolution seed $seed: $(sed -n 's/^test accuracy \([0-9.]*\) %.*/\1/p' "$run.log") %"
  done
done | tee "$scratch/table"
awk '{ n[$1]++; sum[$1] += $4; squares[$1] += $4 * $4 }
  END { for (c in n) { m = sum[c] / n[c]
      printf "%s: mean %.2f %%, standard deviation %.2f %%\n", c, m, sqrt((squares[c] - n[c] * m * m) / (n[c] - 1)) } }' "$scratch/table"
