// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/plan/cost.hpp>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/vgg16.hpp>

#include "tests/support/without_dropout.hpp"

using namespace golden;

TEST_CASE_TEMPLATE("a pass of a narrow VGG-16 agrees with PyTorch", B, Ref<double>, Cpu) {
  const File file("vgg16.safetensors");
  check_architecture<Shape{3, 32, 32}, B, VGG<ConvReLU, vgg16_depths, Form::cifar, 4, 10, B>>(file);
  CHECK(file.integers("count/VGG16") == std::vector{static_cast<int>(parameter_count<VGG16<>>)});
}

TEST_CASE_TEMPLATE("a pass of a narrow VGG-16 with BatchNorm, the ImageNet form, agrees with PyTorch", B, Ref<double>,
                   Cpu) {
  using Model = test::WithoutDropout<VGG<ConvNormReLU, vgg16_depths, Form::imagenet, 2, 10, B>>;
  check_architecture<Shape{3, 224, 224}, B, Model>(File("vgg16_bn_imagenet.safetensors"));
}
