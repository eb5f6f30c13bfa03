# SPDX-License-Identifier: MIT
# sh run.sh <libFuzzer program> <folder of samples> <scratch>: fuzzes for RESNET_FUZZ_SECONDS, 60 without it. What it
# has found before, in <scratch>/corpus, is where it goes on; an input that breaks the contract stays in <scratch>.
set -eu
program=$1 samples=$2 scratch=$3
mkdir -p "$scratch/corpus"
status=0
"$program" -max_total_time="${RESNET_FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=512 \
  -max_len=20000 -print_final_stats=1 -artifact_prefix="$scratch/" "$scratch/corpus" "$samples" \
  >"$scratch/log" 2>&1 || status=$?
[ "$status" -eq 0 ] || tail -60 "$scratch/log"
grep -a '^#[0-9]' "$scratch/log" | tail -1
exit "$status"
