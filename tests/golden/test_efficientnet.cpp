// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/plan/cost.hpp>
#include <resnet/backend/ref/ref.hpp>

#include "tests/support/narrow_efficientnet.hpp"

using namespace golden;

TEST_CASE_TEMPLATE("a pass of a narrow EfficientNet, the CIFAR form, agrees with PyTorch", B, Ref<double>, Cpu) {
  check_architecture<Shape{3, 32, 32}, B, test::NarrowEfficientNet<Form::cifar, 10, B>>(
      File("efficientnet.safetensors"));
}

TEST_CASE_TEMPLATE("a pass of a narrow EfficientNet, the ImageNet form, agrees with PyTorch", B, Ref<double>, Cpu) {
  const File file("efficientnet_imagenet.safetensors");
  check_architecture<Shape{3, 64, 64}, B, test::NarrowEfficientNet<Form::imagenet, 10, B>>(file);
  const auto count = [](std::size_t n) { return std::vector{static_cast<int>(n)}; };
  CHECK(file.integers("count/EfficientNetB0") == count(parameter_count<EfficientNetB0<>>));
  CHECK(file.integers("count/EfficientNetB0ImageNet") == count(parameter_count<EfficientNetB0ImageNet<>>));
}
