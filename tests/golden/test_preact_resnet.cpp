// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/ref/ref.hpp>
#include <resnet/preact_resnet18.hpp>
#include <resnet/preact_resnet50.hpp>

using namespace golden;

TEST_CASE_TEMPLATE("a pass of a narrow pre-activation ResNet-18 agrees with PyTorch", B, Ref<double>, Cpu) {
  using Model = PreActResNet<PreActBlock, Depths{2, 2, 2, 2}, Form::cifar, 4, 10, B>;
  check_architecture<Shape{3, 32, 32}, B, Model>(File("preact_resnet18.safetensors"));
}

TEST_CASE_TEMPLATE("a pass of a narrow pre-activation ResNet-50 agrees with PyTorch", B, Ref<double>, Cpu) {
  using Model = PreActResNet<PreActBottleneck, Depths{3, 4, 6, 3}, Form::cifar, 4, 10, B>;
  check_architecture<Shape{3, 32, 32}, B, Model>(File("preact_resnet50.safetensors"));
}
