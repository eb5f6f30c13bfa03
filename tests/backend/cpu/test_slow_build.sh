# SPDX-License-Identifier: MIT
# A program that would be slow is told so when it is compiled, once, also with -Werror; one that would not be is not.
set -eu
source=$1 scratch=$2
fail() { echo "$*" >&2; exit 1; }
echo '#include <resnet/resnet18.hpp>' >"$scratch/program.cpp"

# told <what, or nothing> <flags>...
told() {
  what=$1
  shift
  output=$("$CXX" -std=c++20 -Wall -Wextra -Wpedantic -Werror -fsyntax-only "-I$source/include" "$@" "$scratch/program.cpp" \
    2>&1) || fail "does not compile with $*: $output"
  said=$(echo "$output" | grep -c 'message: \|warning: ' || true)
  if [ -z "$what" ]; then
    [ "$said" -eq 0 ] || fail "with $*: $output"
  else
    case $output in *"$what"*) ;; *) fail "with $*: expected '$what', found: $output" ;; esac
    [ "$said" -eq 1 ] || fail "with $*: expected one message, found $said: $output"
  fi
}

told '-O3, or define RESNET_ALLOW_SLOW_BUILD' -O0
told '' -O0 -DRESNET_ALLOW_SLOW_BUILD
case $("$CXX" -dumpmachine) in
  x86_64*)
    told '-march=native, or define RESNET_ALLOW_SLOW_BUILD' -O1
    told '' -O1 -mavx2 -mfma ;;
  *) told '' -O1 ;;
esac
