# SPDX-License-Identifier: MIT
# A run that is stopped twice and resumed ends with the same bytes as one that is not.
. "$(dirname "$0")/common.sh"

small="$small --epochs 3 --nesterov --label-smoothing 0.1 --clip-norm 5 --validation 16"
small="$small --rand-augment 2 --random-erasing 0.5 --mixup 0.2 --cutmix 1 --drop-path 0.2"
small="$small --ema 0.9 --accumulate 2 --lookahead 2 --clip-value 1"

# stop_at <signal> <status> <text> <options>...: sends the signal when the text is printed.
stop_at() {
  signal=$1 status=$2 text=$3
  shift 3
  # shellcheck disable=SC2086  # a list of words
  (exec "$programs/train" $small "$@" >stopped.log 2>&1) &
  wait_for "$text" stopped.log
  kill -"$signal" $!
  found=0
  wait $! || found=$?
  [ "$found" -eq "$status" ] || fail "expected exit status $status, found $found: $(cat stopped.log)"
  grep -q "stopped after .* steps; add --resume" stopped.log || fail "no word on how to resume: $(cat stopped.log)"
}

train --run-dir whole >whole.log

stop_at INT 130 "epoch 1/3 " --run-dir parts
[ -s parts/last.safetensors ] || fail "Ctrl-C saved no checkpoint"
stop_at TERM 143 "epoch 2/3 " --run-dir parts --resume
cp parts/last.safetensors before

# Other options are refused, all of them in one message, and nothing changes.
expect_error 1 "cannot resume with other options" train --run-dir parts --resume --lr 0.05 --seed 9 --zero-gamma
[ "$(grep -c "the checkpoint has .*, this run has" expect.err)" -eq 3 ] || fail "expected 3 differences: $(cat expect.err)"
grep -q -e "--lr: the checkpoint has 0.1, this run has 0.05" expect.err || fail "--lr: $(cat expect.err)"
expect_error 1 "exists: continue it with --resume" train --run-dir parts
expect_error 1 "nowhere/last.safetensors" train --run-dir nowhere --resume
cmp before parts/last.safetensors

train --run-dir parts --resume --threads 2 >resumed.log
for file in weights best last; do
  cmp whole/$file.safetensors parts/$file.safetensors || fail "$file.safetensors differs after a resume"
done
cut -d, -f1-8 whole/log.csv >whole.columns
cut -d, -f1-8 parts/log.csv | cmp whole.columns || fail "the log differs after a resume: $(cat whole/log.csv parts/log.csv)"
[ "$(tail -1 whole.log | sed s/whole/parts/)" = "$(tail -1 resumed.log)" ] || fail "another final accuracy"

train --run-dir parts --resume >again.log  # a finished run has nothing left to do
cmp whole/last.safetensors parts/last.safetensors
