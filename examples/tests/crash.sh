# SPDX-License-Identifier: MIT
# sh crash.sh <programs> <scratch> [kills] [seed]: training is killed at random moments while it writes checkpoints after
# every step, and resumed until it ends. No file is ever torn, and the end has the bytes of a run that nobody disturbed.
kills=${3:-20} seed=${4:-$(date +%s)}
. "$(dirname "$0")/common.sh"
echo "$kills kills, seed $seed"

run() {
  # shellcheck disable=SC2086  # a list of words
  exec "$programs/train" $small --epochs 2 --validation 16 --ema 0.9 --accumulate 2 --mixup 0.2 --save-minutes 1e-9 "$@"
}
begin=$(date +%s%N)
(run --run-dir whole) >whole.log
milliseconds=$((($(date +%s%N) - begin) / 1000000))
stable() { sed -e '/"seconds"/d' -e '/"peak_memory_mb"/d' "$1"; }
stable whole/results.json >whole.json
cut -d, -f1-8 whole/log.csv >whole.csv

# As they are after a kill: what is there is whole. A run that was killed before its first checkpoint has none.
check_files() {
  for file in last weights best; do
    [ ! -e killed/$file.safetensors ] || "$programs/evaluate" killed/$file.safetensors --test-images 1 >evaluate.log 2>&1 ||
      fail "kill $done: $file.safetensors: $(cat evaluate.log)"
  done
  [ ! -e killed/log.csv ] || { cut -d, -f1-8 killed/log.csv >killed.csv && head -n "$(wc -l <killed.csv)" whole.csv | cmp - killed.csv &&
    awk -F, 'NF != 11 { exit 1 }' killed/log.csv; } || fail "kill $done: log.csv: $(cat killed/log.csv)"
}

done=0 runs=0
: >delays
while [ "$done" -lt "$kills" ] || [ -e killed ]; do
  resume=
  [ ! -e killed/last.safetensors ] || resume=--resume
  if [ "$done" -ge "$kills" ]; then  # to the end
    # shellcheck disable=SC2086  # a word or none
    (run --run-dir killed $resume) >run.log 2>&1 || fail "after $done kills: $(cat run.log)"
    ended=true
  else
    # Anywhere in a run, from its first checkpoint to its page.
    delay=$(awk -v seed="$seed" -v k="$((done + runs))" -v t="$milliseconds" \
      'BEGIN { srand(seed + 7919 * k); rand(); printf "%.3f", rand() * t / 1000 }')
    # shellcheck disable=SC2086
    (run --run-dir killed $resume) >run.log 2>&1 &
    sleep "$delay"
    kill -KILL $! 2>/dev/null || true
    status=0
    { wait $! || status=$?; } 2>/dev/null  # the shell would say each time that it was killed
    case $status in
      137) done=$((done + 1)) ended=false && check_files ;;
      0) ended=true ;;
      *) fail "exit status $status after $done kills: $(cat run.log)" ;;
    esac
  fi
  if $ended; then
    runs=$((runs + 1))
    for file in weights best last; do
      cmp whole/$file.safetensors killed/$file.safetensors || fail "$file.safetensors differs after $done kills"
    done
    stable killed/results.json | cmp whole.json - || fail "results.json differs after $done kills"
    cut -d, -f1-8 killed/log.csv | cmp whole.csv - || fail "log.csv differs after $done kills: $(cat killed/log.csv)"
    [ -s killed/report.html ] || fail "no report.html after $done kills"
    rm -r killed
  fi
done
echo "$done kills in $runs runs of $milliseconds ms"
