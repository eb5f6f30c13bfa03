# SPDX-License-Identifier: MIT
# Runs what the README shows: its program, built by its CMake lines, on fewer images; its commands on small
# settings. The two set-up scripts are only parsed: this test may be a part of the second.
set -eu
source=$1 scratch=$2 programs=$2/../../../examples
fail() { echo "$*" >&2; exit 1; }
block() { awk -v start="^\`\`\`$1" '$0 ~ start { on = 1; next } /^```/ { on = 0 } on' "$source/README.md"; }

rm -rf "$scratch"
mkdir -p "$scratch/project" "$scratch/data/cifar-10-batches-bin"
cd "$scratch"

# The program.
block cpp | sed "s/make_synthetic([0-9']*, [0-9']*,/make_synthetic(512, 64,/" >project/main.cpp
grep -q 'make_synthetic(512, 64,' project/main.cpp || fail "the README's program makes its images in another way"
{
  echo 'cmake_minimum_required(VERSION 3.22)'
  echo 'project(readme CXX)'
  block cmake | sed "s|GIT_REPOSITORY .* GIT_TAG main|SOURCE_DIR $source|"
} >project/CMakeLists.txt
grep -q "SOURCE_DIR $source" project/CMakeLists.txt || fail "the README's CMake lines fetch in another way"
cmake -S project -B project/build ${CXX:+-DCMAKE_CXX_COMPILER="$CXX"} >configure.log
cmake --build project/build --verbose >build.log 2>&1 || fail "$(cat build.log)"
grep -q -e '-O3.* -march=native' build.log || fail "the README's CMake lines compile without -O3 or -march=native"
(cd project && build/my_program) >program.log
[ "$(grep -c '^loss .*test accuracy' program.log)" -eq 2 ] || fail "the README's program prints: $(cat program.log)"
[ -s project/weights.safetensors ] || fail "the README's program saves no weights"

# The commands.
for batch in data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch; do
  head -c 30730000 /dev/zero >"data/cifar-10-batches-bin/$batch.bin"  # black aeroplanes
done
block sh | sed 's/ *#.*//' >commands
while read -r command; do
  case $command in
    'sh cmake/'*.sh*)
      script=${command#sh }
      sh -n "$source/${script%% *}" ;;
    'cmake --preset release' | 'cmake --build --preset release'*)
      (cd "$source" && cmake --list-presets >/dev/null) ;;
    'build/release/examples/train '*)
      sh -c "'$programs'${command#build/release/examples} --model resnet18_narrow --train-images 128 --test-images 64" >>train.log ;;
    'build/release/examples/experiments '*)
      few=$(echo "$command" | sed "s,build/release/examples,$programs,; s,examples/configs,$source/examples/configs,")
      sh -c "$few --train-images 96 --validation 32 --test-images 64 --epochs 1" >>other.log ;;
    'build/release/examples/evaluate '*)
      sh -c "'$programs'${command#build/release/examples} --test-images 64 --export-images ." >>evaluate.log
      mv 00000_*.png picture.png ;;
    'build/release/examples/'*)
      sh -c "'$programs'${command#build/release/examples}" >>other.log ;;
    'cmake --build build/release --target '*) grep -q "${command##* }" "$source"/bench/*/CMakeLists.txt "$source"/bench/CMakeLists.txt ;;
    *) fail "the README has a command that no test runs: $command" ;;
  esac
done <commands
grep -q 'test accuracy' train.log
rm -rf "$scratch/data"
