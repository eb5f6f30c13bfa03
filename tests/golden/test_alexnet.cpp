// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/alexnet.hpp>
#include <resnet/backend/plan/cost.hpp>
#include <resnet/backend/ref/ref.hpp>

#include "tests/support/without_dropout.hpp"

using namespace golden;

TEST_CASE_TEMPLATE("a pass of a narrow AlexNet, the CIFAR form, agrees with PyTorch", B, Ref<double>, Cpu) {
  check_architecture<Shape{3, 32, 32}, B, AlexNetModel<Form::cifar, 4, 10, B>>(File("alexnet.safetensors"));
}

TEST_CASE_TEMPLATE("a pass of a narrow AlexNet, the ImageNet form, agrees with PyTorch", B, Ref<double>, Cpu) {
  const File file("alexnet_imagenet.safetensors");
  using Model = test::WithoutDropout<AlexNetModel<Form::imagenet, 4, 10, B>>;
  check_architecture<Shape{3, 224, 224}, B, Model>(file);
  CHECK(file.integers("count/AlexNetImageNet") == std::vector{static_cast<int>(parameter_count<AlexNetImageNet<>>)});
}
