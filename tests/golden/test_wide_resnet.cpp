// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/ref/ref.hpp>
#include <resnet/wide_resnet.hpp>

using namespace golden;

TEST_CASE_TEMPLATE("a pass of a narrow WRN-16-2 agrees with PyTorch", B, Ref<double>, Cpu) {
  check_architecture<Shape{3, 32, 32}, B, WideResNet<16, 2, 4, 10, B>>(File("wide_resnet.safetensors"));
}
