# SPDX-License-Identifier: MIT
# The headers obey the layering, and the check finds each kind of violation.
set -eu
source=$1 scratch=$2
check="sh $source/tests/headers/layering.sh"

$check "$source/include"

rm -rf "$scratch"
planted() {  # planted <header> <include line> <text of the complaint>
  rm -rf "$scratch/include"
  mkdir -p "$scratch/include/resnet/core" "$scratch/include/resnet/layers" "$scratch/include/resnet/loss" \
    "$scratch/include/resnet/op" \
    "$scratch/include/resnet/backend/cpu" "$scratch/include/resnet/backend/ref"
  for header in core/shape op/add layers/relu loss/loss backend/cpu/cpu backend/ref/ref; do
    echo '#include <vector>' >"$scratch/include/resnet/$header.hpp"
  done
  $check "$scratch/include" >/dev/null || { echo "FAILED: the tree without a violation was refused"; exit 1; }
  mkdir -p "$(dirname "$scratch/include/resnet/$1")"
  echo "$2" >>"$scratch/include/resnet/$1"
  if found=$($check "$scratch/include"); then
    echo "FAILED: $1 may contain $2"
    exit 1
  fi
  case $found in
    *"resnet/$1"*"$3"*) ;;
    *) echo "FAILED: $1 with $2 gave: $found"; exit 1 ;;
  esac
}
planted core/shape.hpp '#include <resnet/layers/relu.hpp>' 'core may not include layers'
planted core/shape.hpp '#include <resnet/op/add.hpp>' 'core may not include op'
planted op/add.hpp '#include <resnet/backend/ref/ref.hpp>' 'op may not include backend/ref'
planted core/shape.hpp '#include <unistd.h>' 'only standard headers here'
planted layers/relu.hpp '#include <resnet/backend/cpu/cpu.hpp>' 'layers may not include backend/cpu'
planted layers/relu.hpp '#include <resnet/loss/loss.hpp>' 'layers may not include loss'
planted layers/relu.hpp '#  include  <omp.h>' 'only backend/cpu/parallel.hpp includes omp.h'
planted layers/relu.hpp '#include "resnet/core/shape.hpp"' 'write <resnet/...>'
planted layers/relu.hpp '#include <resnet/core/gone.hpp>' 'there is no such header'
planted loss/loss.hpp '#include <resnet/layers/relu.hpp>' 'loss may not include layers'
planted loss/loss.hpp '#include <nlohmann/json.hpp>' 'only io includes nlohmann'
planted backend/ref/ref.hpp '#include <resnet/backend/cpu/cpu.hpp>' 'backend/ref may not include backend/cpu'
planted backend/ref/ref.hpp '#include <resnet/layers/relu.hpp>' 'backend/ref may not include layers'
planted core/shape.hpp '#include <sys/mman.h>' 'only backend/cpu/memory.hpp includes it'
planted backend/cpu/cpu.hpp '#include <immintrin.h>' 'only backend/cpu/simd includes intrinsics'
planted misc/new.hpp '#include <vector>' 'no place for the folder misc'
echo "all planted violations were found"
