# SPDX-License-Identifier: MIT
# A run whose loss becomes NaN says so and keeps the last checkpoint that was good.
. "$(dirname "$0")/common.sh"

# One epoch goes well, the next has an absurd learning rate.
options="--lr 0.01 --schedule multistep --milestones 1 --gamma 1e30"
# shellcheck disable=SC2086  # a list of words
train $options --epochs 1 --run-dir good >good.log
# shellcheck disable=SC2086
expect_error 1 "finite .*found" train $options --epochs 3 --run-dir bad
cmp good/last.safetensors bad/last.safetensors || fail "the last good checkpoint is gone"
cmp good/weights.safetensors bad/weights.safetensors || fail "the last good weights are gone"

# Saving after each step may not save what the last step broke.
# shellcheck disable=SC2086
expect_error 1 "finite .*found" train $options --epochs 3 --run-dir often --save-minutes 1e-9
"$programs/evaluate" often/last.safetensors --test-images 40 >evaluate.log
! grep -q -i nan evaluate.log || fail "the checkpoint is not good: $(cat evaluate.log)"
