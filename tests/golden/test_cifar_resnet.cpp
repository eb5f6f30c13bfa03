// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/ref/ref.hpp>
#include <resnet/cifar_resnet.hpp>

using namespace golden;

TEST_CASE_TEMPLATE("a pass of a narrow CIFAR ResNet-20 agrees with PyTorch", B, Ref<double>, Cpu) {
  check_architecture<Shape{3, 32, 32}, B, CifarResNet<3, 4, 10, B>>(File("cifar_resnet.safetensors"));
}
