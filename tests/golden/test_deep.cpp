// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/ref/ref.hpp>
#include <resnet/resnet34.hpp>
#include <resnet/resnet50.hpp>

using namespace golden;

TEST_CASE_TEMPLATE("a pass of a narrow ResNet-34 agrees with PyTorch", B, Ref<double>, Cpu) {
  using Model = ResNet<BasicBlock, Depths{3, 4, 6, 3}, Form::cifar, 4, 10, B>;
  check_pass<Shape{3, 32, 32}, B, Model>(File("resnet34.safetensors"));
}

TEST_CASE_TEMPLATE("a pass of a narrow ResNet-50 agrees with PyTorch", B, Ref<double>, Cpu) {
  using Model = ResNet<Bottleneck, Depths{3, 4, 6, 3}, Form::cifar, 4, 10, B>;
  check_pass<Shape{3, 32, 32}, B, Model>(File("resnet50.safetensors"));
}
