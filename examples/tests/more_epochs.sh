# SPDX-License-Identifier: MIT
# A run that has ended goes on when it is given more epochs, to the bytes of a run that had them from the beginning,
# where the schedule doesn't depend on their number.
. "$(dirname "$0")/common.sh"

for schedule in constant step multistep restarts; do
  options="--schedule $schedule --step-epochs 1 --milestones 1,3 --restart-epochs 1 --warmup-epochs 0.5"
  # shellcheck disable=SC2086
  train $options --epochs 2 --run-dir more >more.log
  # shellcheck disable=SC2086
  train $options --epochs 4 --run-dir more --resume >more.log
  # shellcheck disable=SC2086
  train $options --epochs 4 --run-dir at_once >at_once.log
  for file in weights last; do cmp more/$file.safetensors at_once/$file.safetensors || fail "$schedule: $file"; done
  [ "$(wc -l <more/log.csv)" -eq 5 ] && [ "$(grep -c '"epochs": 4' more/results.json)" = 1 ] || fail "$schedule: $(cat more/log.csv)"
  # shellcheck disable=SC2086
  expect_error 1 "expected at most the 2 epochs of --epochs, found 4 that are done" train $options --epochs 2 --run-dir more --resume
  rm -r more at_once
done
train --epochs 2 --run-dir plain >plain.log
expect_error 1 "epochs: the checkpoint has 2, this run has 4" train --epochs 4 --run-dir plain --resume
grep -q "the schedule cosine depends on the number of epochs; constant, step" expect.err || fail "$(cat expect.err)"
