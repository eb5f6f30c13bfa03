# SPDX-License-Identifier: MIT
# Read by the tests of the programs: sh <test>.sh <folder of the programs> <empty folder>
set -eu
programs=$1
[ -n "$2" ] && rm -rf "$2" && mkdir -p "$2" && cd "$2"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

export OMP_NUM_THREADS=1

# A network and data that take a second; 6 steps are an epoch.
small="--model resnet18_narrow --train-images 96 --test-images 40 --batch-size 16"
# shellcheck disable=SC2086  # a list of words
train() { "$programs/train" $small "$@"; }

# expect_error <status> <regular expression> <command>...: it has to say one line that begins with "error: ".
expect_error() {
  status=$1 pattern=$2
  shift 2
  found=0
  "$@" >expect.out 2>expect.err || found=$?
  [ "$found" -eq "$status" ] || fail "expected exit status $status, found $found: $*"
  [ "$(head -c 7 expect.err)" = "error: " ] || fail "expected a line that begins with \"error: \": $(cat expect.err)"
  grep -q -e "$pattern" expect.err || fail "expected \"$pattern\" in: $(cat expect.err)"
}

# wait_for <text> <file>: until the file has it, while the program runs that was started last.
wait_for() {
  while ! grep -q -e "$1" "$2" 2>/dev/null; do
    kill -0 $! 2>/dev/null || grep -q -e "$1" "$2" || fail "\"$1\" never came: $(cat "$2")"
    sleep 0.01
  done
}
