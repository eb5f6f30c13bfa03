# SPDX-License-Identifier: MIT
# A bar on a terminal, plain lines elsewhere.
. "$(dirname "$0")/common.sh"

train --epochs 2 --run-dir plain >plain.log
grep -q "^epoch 1/2  50 %  loss .*accuracy .* images/s  .* left$" plain.log || fail "no progress: $(cat plain.log)"
grep -q "^epoch 2/2: loss .*test loss" plain.log || fail "no summary of an epoch: $(cat plain.log)"
if grep -q "$(printf '\r')" plain.log; then fail "carriage returns in a file"; fi

script -qec true /dev/null >/dev/null 2>&1 || exit 0  # util-linux's script gives us a terminal
export programs small
# shellcheck disable=SC2016  # for the shell that script starts
script -qec '"$programs/train" $small --epochs 2 --run-dir bar' /dev/null >bar.log
tr '\r' '\n' <bar.log >bar.lines
grep -q "^1/2 \[=*  *\] .*images/s" bar.lines || fail "no bar: $(cat bar.log)"
grep -q "^1/2 \[============\]100 %" bar.lines || fail "no full bar: $(cat bar.log)"
awk 'length($0) > 90 && /\[=/ { exit 1 }' bar.lines || fail "the bar is too long for a terminal: $(cat bar.log)"
