# SPDX-License-Identifier: MIT
# sh cmake/test.sh [release|clang|sanitize|debug|fuzz|all]: installs what is missing, builds the tests and runs
# them. Without an argument: release. "all" is release, clang and sanitize, one after the other. "fuzz" looks for
# files that break a reader, RESNET_FUZZ_SECONDS (60) for each kind of file.
set -u
cd "$(dirname "$0")/.." || exit 1
. cmake/prerequisites.sh

case ${1:-release} in
  release | debug | clang | sanitize | fuzz) presets=${1:-release} ;;
  all) presets="release clang sanitize" ;;
  *) sed -n '2,4s/^# //p' "$0"; exit 2 ;;
esac
neon=  # tested with a cross compiler and an emulator
[ "$(uname -m)" != x86_64 ] || neon="g++-aarch64-linux-gnu qemu-user"
# shellcheck disable=SC2086  # lists of words
need $tools $libraries $neon doctest-dev libbenchmark-dev python3-venv clang-format-14
case $presets in *clang* | fuzz) need clang++ libomp-dev ;; esac
case $presets in fuzz) need libclang-rt-dev ;; esac  # libFuzzer

# Some tests compare with Python packages; they say that they are skipped where there are none.
python=$PWD/build/python/bin/python
if ! "$python" -c 'import numpy, safetensors' 2>/dev/null; then
  say "Python packages for the tests: numpy, safetensors"
  if ! { python3 -m venv build/python && "$python" -m pip install --quiet 'numpy<3' 'safetensors<1'; }; then
    say "pip could not install them: the tests that need them will be skipped"
    [ -x "$python" ] || python=
  fi
fi

failed=
for preset in $presets; do
  say "$preset: configure and build"
  if cmake --preset "$preset" -DRESNET_WERROR=ON -DRESNET_PYTHON="$python" &&
    cmake --build --preset "$preset" --parallel "$(job_count)"; then
    say "$preset: test"
    ctest --preset "$preset" --parallel 2 || failed="$failed $preset"
  else
    failed="$failed $preset"
  fi
done
[ -z "$failed" ] || { say "FAILED:$failed"; exit 1; }
