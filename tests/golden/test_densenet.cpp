// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/ref/ref.hpp>
#include <resnet/densenet121.hpp>

using namespace golden;

TEST_CASE_TEMPLATE("a pass of a narrow DenseNet with three blocks agrees with PyTorch", B, Ref<double>, Cpu) {
  using Model = DenseNet<Depths{2, 3, 2, 0}, Form::cifar, 8, 4, 10, B>;
  check_architecture<Shape{3, 32, 32}, B, Model>(File("densenet.safetensors"));
}

TEST_CASE_TEMPLATE("a pass of a narrow DenseNet with four blocks agrees with PyTorch", B, Ref<double>, Cpu) {
  using Model = DenseNet<Depths{2, 1, 2, 2}, Form::imagenet, 8, 4, 10, B>;
  check_architecture<Shape{3, 64, 64}, B, Model>(File("densenet_imagenet.safetensors"));
}
