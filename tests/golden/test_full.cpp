// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/ref/ref.hpp>
#include <resnet/resnet18.hpp>

using namespace golden;

TEST_CASE_TEMPLATE("a pass of ResNet-18 agrees with PyTorch", B, Ref<double>, Cpu) {
  check_pass<Shape{3, 32, 32}, B, ResNet18<10, B>>(File("full.safetensors"));
}

TEST_CASE_TEMPLATE("a pass of a narrow ResNet-18 with the ImageNet stem agrees with PyTorch", B, Ref<double>, Cpu) {
  using Model = ResNet<BasicBlock, Depths{2, 2, 2, 2}, Form::imagenet, 8, 10, B>;
  check_pass<Shape{3, 64, 64}, B, Model>(File("imagenet.safetensors"));
}
