// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/ref/ref.hpp>
#include <resnet/lenet5.hpp>

using namespace golden;

TEST_CASE_TEMPLATE("a pass of LeNet-5 agrees with PyTorch", B, Ref<double>, Cpu) {
  check_architecture<Shape{3, 32, 32}, B, LeNet5<10, 3, B>>(File("lenet5.safetensors"));
}
