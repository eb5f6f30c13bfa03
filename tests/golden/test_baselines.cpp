// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/plan/cost.hpp>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/baselines.hpp>

#include "tests/support/without_dropout.hpp"

using namespace golden;

namespace {
constexpr Shape image{3, 32, 32};
}

TEST_CASE_TEMPLATE("a pass of SimpleMLP agrees with PyTorch", B, Ref<double>, Cpu) {
  check_architecture<image, B, SimpleMLP<10, B>>(File("simple_mlp.safetensors"));
}

TEST_CASE_TEMPLATE("a pass of a narrow SimpleCNN agrees with PyTorch", B, Ref<double>, Cpu) {
  const File file("simple_cnn.safetensors");
  check_architecture<image, B, SimpleCNNModel<4, 10, B>>(file);
  CHECK(file.integers("count/SimpleCNN") == std::vector{static_cast<int>(parameter_count<SimpleCNN<>>)});
}

TEST_CASE_TEMPLATE("a pass of a narrow ConvNet agrees with PyTorch", B, Ref<double>, Cpu) {
  const File file("convnet.safetensors");
  check_architecture<image, B, test::WithoutDropout<ConvNetModel<4, 10, B>>>(file);
  CHECK(file.integers("count/ConvNet") == std::vector{static_cast<int>(parameter_count<ConvNet<>>)});
}
