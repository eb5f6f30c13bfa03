# SPDX-License-Identifier: MIT
# sh check.sh <case.cpp> <compiler> <flags>...: the case compiles as it is, and with -DWRONG it is refused
# with an error that a user understands. The case says at its top what the first "error:" line contains,
# and, where that matters, how long the whole message may be, and flags each of which is tried with -DWRONG:
#   // EXPECT: the kernel is larger than the padded input
#   // MAX_LINES: 15
#   // WITH: -DTRAINER -DEVALUATE
set -eu
case=$1
shift
expect=$(sed -n 's|^// EXPECT: *||p' "$case")
max_lines=$(sed -n 's|^// MAX_LINES: *||p' "$case")
# clang prints a line of the source and a caret with each note: all cases may have 25 lines there.
case $("$1" --version) in *clang*) max_lines=${max_lines:+25} ;; esac
with=$(sed -n 's|^// WITH: *||p' "$case")
[ -n "$expect" ] || { echo "$case has no line '// EXPECT: text'"; exit 1; }
[ -n "$with" ] || grep -q 'ifdef WRONG' "$case" || { echo "$case has no '#ifdef WRONG'"; exit 1; }

if ! right=$("$@" -fsyntax-only "$case" 2>&1); then
  printf '%s\nFAILED: the right form must compile\n' "$right"
  exit 1
fi
for flag in ${with:--DWRONG}; do
  if wrong=$("$@" -fsyntax-only -DWRONG "$flag" "$case" 2>&1); then
    echo "FAILED: the wrong form compiles ($flag)"
    exit 1
  fi
  first=$(printf '%s\n' "$wrong" | grep -m1 'error:' || true)
  lines=$(printf '%s\n' "$wrong" | wc -l)
  printf '%s\n(%s: %s lines)\n' "$wrong" "$flag" "$lines"
  case $first in
    *"$expect"*) ;;
    *) echo "FAILED: the first error does not say: $expect"; exit 1 ;;
  esac
  if [ -n "$max_lines" ] && [ "$lines" -gt "$max_lines" ]; then
    echo "FAILED: the message may have $max_lines lines"
    exit 1
  fi
done
