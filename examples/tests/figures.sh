# SPDX-License-Identifier: MIT
# The figures in a run's files are those of the run: of all of it, and of nothing else.
. "$(dirname "$0")/common.sh"
column() { awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) c = i } NR > 1 { print $c }' "$1"; }
number() { sed -n "s/^ *\"$2\": \([0-9.e+-]*\),*$/\1/p" "$1"; }
holds() { awk "BEGIN { exit !($1) }" || fail "expected $1"; }

train --epochs 2 --run-dir plain >plain.log
plain=$(column plain/log.csv memory_mb | tail -1)

# A large program that starts the run is no part of its memory.
if command -v python3 >/dev/null; then
  # shellcheck disable=SC2086  # a list of words
  python3 -c 'import os, sys
big = b"x" * 600_000_000
os.execv(sys.argv[1], sys.argv[1:])' "$programs/train" $small --epochs 1 --run-dir started >started.log
  started=$(column started/log.csv memory_mb)
  holds "$started < $plain + 300"
  holds "$(number started/results.json peak_memory_mb) < $plain + 300"
fi

# Nor is an earlier run in the same process: the small one after the large one takes what it takes alone.
printf 'model = "resnet18_narrow"\ntrain-images = 512\ntest-images = 512\nepochs = 1\nbatch-size = 512\n' >large.toml
printf 'model = "resnet18_narrow"\ntrain-images = 96\ntest-images = 40\nepochs = 1\nbatch-size = 16\n' >small.toml
"$programs/experiments" --dir results --seeds 1 large.toml small.toml >experiments.log
large=$(column results/large/seed1/log.csv memory_mb) after=$(column results/small/seed1/log.csv memory_mb)
holds "$large > $plain + 200 && $after < ($plain + $large) / 2"
grep -q '^| small | 1 | .* s |$' results/table.md || fail "no seconds: $(cat results/table.md)"
grep -q '[0-9.]* s<' results/comparison.html && ! grep -q '[^0-9]0.0 min' results/comparison.html || fail "0.0 min"

# An epoch that was stopped near its end and resumed: its seconds and its speed are those of both parts.
small="--model resnet18_narrow --train-images 960 --test-images 40 --batch-size 16"
begin=$(date +%s%N)
# shellcheck disable=SC2086  # a list of words
(exec "$programs/train" $small --epochs 1 --run-dir parts >parts.log 2>&1) &
wait_for "^epoch 1/1  [89]. %" parts.log
kill -INT $!
wait $! || true
first=$((($(date +%s%N) - begin) / 1000000))e-3
grep -q "^stopped after" parts.log || fail "it was over: $(cat parts.log)"
train --epochs 1 --run-dir parts --resume >resumed.log
seconds=$(column parts/log.csv seconds) speed=$(column parts/log.csv images_per_second)
holds "$seconds > $first / 2"
holds "$(number parts/results.json seconds) == $seconds"
holds "$speed * $seconds > 950 && $speed < 960 / ($first / 2)"

# The last step of an epoch was taken before the run was stopped: its speed is known all the same.
small="--model resnet18_narrow --train-images 96 --test-images 2000 --batch-size 16"
# shellcheck disable=SC2086
(exec "$programs/train" $small --epochs 1 --run-dir evaluating >evaluating.log 2>&1) &
wait_for "^epoch 1/1 100 %" evaluating.log
kill -INT $!
wait $! || true
grep -q "^stopped after 6 steps" evaluating.log || fail "not between steps and evaluation: $(cat evaluating.log)"
train --epochs 1 --run-dir evaluating --resume >resumed.log
holds "$(column evaluating/log.csv images_per_second) > 0"
! grep -q " 0 images/s" resumed.log || fail "0 images/s: $(cat resumed.log)"

# The learning rate as it was at each step: a warm-up within the first epoch is seen.
small="--model resnet18_narrow --train-images 96 --test-images 40 --batch-size 16"
train --epochs 2 --schedule onecycle --warmup-epochs 0.5 --lr 0.08 --run-dir cycle >cycle.log
for epoch in 0.166667 0.5 1.16667; do
  grep -q "<title>epoch $epoch$" cycle/report.html || fail "no learning rate at epoch $epoch"
done
"$programs/report" cycle plain -o comparison.html >report.log
grep -q "<title>epoch 0.166667$" comparison.html || fail "no learning rate within an epoch in the comparison"
