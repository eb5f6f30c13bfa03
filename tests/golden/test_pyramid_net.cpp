// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/ref/ref.hpp>
#include <resnet/pyramid_net.hpp>

using namespace golden;

TEST_CASE_TEMPLATE("a pass of a small PyramidNet-14 agrees with PyTorch", B, Ref<double>, Cpu) {
  check_architecture<Shape{3, 32, 32}, B, PyramidNet<14, 10, 4, 10, B>>(File("pyramid_net.safetensors"));
}
