# SPDX-License-Identifier: MIT
# Configurations and seeds become a table; a second call finishes what the first did not.
. "$(dirname "$0")/common.sh"

cat >plain.toml <<'END'
model = "resnet18_narrow"
train-images = 96
test-images = 40
batch-size = 16
epochs = 2
END
cat plain.toml - >smooth.toml <<'END'
label-smoothing = 0.1
mixup = 0.2
END
experiments() { "$programs/experiments" --dir results "$@"; }

experiments --seeds 1,2 plain.toml smooth.toml -- --threads 1 >all.log
grep -q "^run 4 of 4: results/smooth/seed2" all.log || fail "expected four runs: $(cat all.log)"
[ "$(grep -c '^| plain\|^| smooth' results/table.md)" -eq 2 ] || fail "the table: $(cat results/table.md)"
[ -s results/comparison.html ] && [ -s results/smooth/seed2/report.html ] || fail "no pages"

# The mean and deviation are those of the runs' own accuracies.
accuracies=$(sed -n 's/^test accuracy \([0-9.]*\) %.*plain.*/\1/p' all.log | tr '\n' ' ')
awk -F, -v a="$accuracies" '$1 == "plain" { split(a, x, " "); m = (x[1] + x[2]) / 2; d = (x[1] - x[2]) / sqrt(2);
  if (d < 0) d = -d
  if ($2 != 2 || $3 - m > 0.006 || m - $3 > 0.006 || $4 - d > 0.008 || d - $4 > 0.008) exit 1; found = 1 } END { exit !found }' \
  results/table.csv || fail "the table disagrees with $accuracies: $(cat results/table.csv)"

# A configuration is what train runs with the same options.
train --epochs 2 --seed 2 --run-dir alone >alone.log
cmp alone/weights.safetensors results/plain/seed2/weights.safetensors || fail "train gives another network"
train --config results/smooth/seed2/config.toml --run-dir again >again.log
cmp again/weights.safetensors results/smooth/seed2/weights.safetensors || fail "config.toml gives another network"

# Nothing is done twice; what has no end is continued.
rm results/plain/seed1/results.json
before=$(cksum <results/plain/seed1/last.safetensors)
experiments --seeds 1,2 plain.toml smooth.toml -- --threads 2 >more.log
grep -q "^run 1 of 1: results/plain/seed1" more.log || fail "expected one run: $(cat more.log)"
[ "$before" = "$(cksum <results/plain/seed1/last.safetensors)" ] || fail "a finished run was trained again"

expect_error 1 "plain/seed1: the finished run there had other options" experiments --seeds 1 plain.toml -- --lr 0.05
expect_error 1 "wrong.toml.*momentun" sh -c 'echo "momentun = 0.5" >wrong.toml && "$0"/experiments --dir results wrong.toml' "$programs"
expect_error 2 "configs" experiments nowhere.toml
