// SPDX-License-Identifier: MIT
#include <resnet/blocks/bottleneck.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

namespace {

constexpr Shape in{8, 4, 5};
using Kept = Bottleneck<8, 8, 1, Double>;      // identity shortcut
using Changed = Bottleneck<8, 12, 2, Double>;  // projection shortcut
const test::GradientOptions trained{.infer_is_forward = false};

}  // namespace

TEST_CASE("Bottleneck: identity shortcut") {
  static_assert(std::is_same_v<Kept::Downsample, Identity<Double>>);
  static_assert(Kept::out(in) == in);
  test::check_random_layer<in, Kept>(2, trained);
}

TEST_CASE("Bottleneck: projection shortcut, the stride in the 3×3 convolution") {
  static_assert(Changed::out(in) == Shape{12, 2, 3});
  static_assert(std::is_same_v<Changed::Conv2, Conv2d<3, 3, 3, 2, Double>>);
  test::check_random_layer<in, Changed>(2, trained);
  test::check_random_layer<in, Bottleneck<8, 4, 1, Double>>(2, trained);
}

TEST_CASE("Bottleneck: stochastic depth") {
  Changed block;
  block.bn3.drop_path.p = 0.5;
  test::check_random_layer<in>(4, trained, block);
}

TEST_CASE("Bottleneck: a branch that gives 0 leaves the shortcut") {
  Kept block;
  test::randomize(block);
  auto& norm = block.last_norm();
  Double::fill(norm.weight.size(), 0, norm.weight.data());
  Double::fill(norm.bias.size(), 0, norm.bias.data());
  Values x = test::normal(2 * in.size(), 1);
  Context<Double> ctx;
  SavedOf<Kept, in> saved;
  const Values y = test::values_of(block.forward(ctx, test::batch<in>(ctx, x), saved));
  const Values inferred = test::values_of(block.infer(ctx, test::batch<in>(ctx, x)));
  for (double& value : x) value = std::max(value, 0.0);
  CHECK(y == x);
  CHECK(inferred == x);
}

TEST_CASE("Bottleneck: torchvision's names") {
  std::vector<std::string> expected;
  const auto conv_and_norm = [&](const std::string& conv, const std::string& norm) {
    expected.push_back(conv + ".weight");
    for (const char* entry : {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
      expected.push_back(norm + "." + entry);
  };
  for (const char* i : {"1", "2", "3"}) conv_and_norm(std::string("conv") + i, std::string("bn") + i);
  CHECK(test::state_names(Kept{}) == expected);
  conv_and_norm("downsample.0", "downsample.1");
  CHECK(test::state_names(Changed{}) == expected);
}
