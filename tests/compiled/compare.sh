# SPDX-License-Identifier: MIT
# sh compare.sh <instruction set> <program> <command>...: both must print the instruction set first, and the same after it.
isa=$1
expected=$("$2") || exit 1
shift 2
found=$("$@") || exit 1
printf 'expected\n%s\nfound\n%s\n' "$expected" "$found"
[ "$(printf '%s\n' "$found" | head -n 1)" = "$isa" ] && [ "$found" = "$expected" ]
