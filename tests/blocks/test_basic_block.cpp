// SPDX-License-Identifier: MIT
#include <resnet/blocks/basic_block.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

namespace {

constexpr Shape in{3, 4, 5};
using Kept = BasicBlock<3, 3, 1, Double>;     // identity shortcut
using Changed = BasicBlock<3, 4, 2, Double>;  // projection shortcut
const test::GradientOptions trained{.infer_is_forward = false};

/// What is left if the residual branch gives 0: relu(shortcut(x)).
template <class Block>
Block without_branch() {
  Block block;
  test::randomize(block);
  Double::fill(block.bn2.weight.size(), 0, block.bn2.weight.data());
  Double::fill(block.bn2.bias.size(), 0, block.bn2.bias.data());
  return block;
}

Values relu(Values x) {
  for (double& value : x) value = std::max(value, 0.0);
  return x;
}

}  // namespace

TEST_CASE("BasicBlock: identity shortcut") {
  static_assert(std::is_same_v<Kept::Downsample, Identity<Double>>);
  static_assert(Kept::out(in) == in);
  test::check_random_layer<in, Kept>(2, trained);

  Context<Double> ctx;
  const Values x = test::normal(2 * in.size(), 1);
  auto block = without_branch<Kept>();
  SavedOf<Kept, in> saved;
  CHECK(test::values_of(block.infer(ctx, test::batch<in>(ctx, x))) == relu(x));
  CHECK(test::values_of(block.forward(ctx, test::batch<in>(ctx, x), saved)) == relu(x));
}

TEST_CASE("BasicBlock: projection shortcut") {
  static_assert(std::is_same_v<Changed::Downsample, Sequential<Conv2d<3, 4, 1, 2, Double>, BatchNorm2d<4, Double>>>);
  static_assert(!std::is_same_v<BasicBlock<3, 4, 1, Double>::Downsample, Identity<Double>>);
  static_assert(!std::is_same_v<BasicBlock<3, 3, 2, Double>::Downsample, Identity<Double>>);
  static_assert(Changed::out(in) == Shape{4, 2, 3});
  test::check_random_layer<in, Changed>(2, trained);
  test::check_random_layer<in, BasicBlock<3, 3, 2, Double>>(2, trained);
  test::check_random_layer<in, BasicBlock<3, 2, 1, Double>>(2, trained);

  Context<Double> ctx;
  const auto x = test::batch<in>(ctx, test::normal(2 * in.size(), 1));
  const auto block = without_branch<Changed>();
  const auto& [conv, norm] = block.downsample.layers;
  CHECK(test::values_of(block.infer(ctx, x)) == relu(test::values_of(norm.infer(ctx, conv.infer(ctx, x)))));
}

TEST_CASE("BasicBlock: stochastic depth leaves the branch out for some images") {
  Kept kept;
  kept.bn2.drop_path.p = 0.5;
  test::check_random_layer<in>(4, trained, kept);
  Changed changed;
  changed.bn2.drop_path.p = 0.25;
  test::check_random_layer<in>(4, trained, changed);

  test::randomize(kept);
  Context<Double> ctx;
  SavedOf<Kept, in> saved;
  const Values x = test::normal(20 * in.size(), 1), expected = relu(x);
  const Values y = test::values_of(kept.forward(ctx, test::batch<in>(ctx, x), saved));
  int left_out = 0;
  for (std::size_t i = 0; i < x.size(); i += in.size()) left_out += std::equal(&y[i], &y[i] + in.size(), &expected[i]);
  CHECK(left_out > 0);
  CHECK(left_out < 20);
}

TEST_CASE("BasicBlock: gradient flow through a block") {
  const Values x = test::normal(2 * in.size(), 1), dy = test::normal(2 * in.size(), 2);
  const auto backward = [&](Kept block, Kept& grad) {
    Context<Double> ctx;
    SavedOf<Kept, in> saved;
    block.forward(ctx, test::batch<in>(ctx, x), saved);
    zero(grad);
    return test::values_of(block.backward(ctx, test::batch<in>(ctx, dy), saved, grad));
  };

  // A branch that gives 0 and passes no gradient on: dx is dy, where the output is positive.
  Kept grad;
  const Values dx = backward(without_branch<Kept>(), grad);
  for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(dx[i] == (x[i] > 0 ? dy[i] : 0));
  CHECK(test::values_of(grad.conv1.weight) == Values(grad.conv1.weight.size(), 0.0));

  // With both branches every parameter gets a gradient, and so does the input, beyond the shortcut's.
  Kept block;
  test::randomize(block);
  CHECK(backward(block, grad) != dx);
  for_each_parameter(
      [](std::string_view name, Role, const auto& g) {
        const Values values = test::values_of(g);
        CHECK_MESSAGE(test::dot(values, values) > 1e-6, name << " gets no gradient");
      },
      grad);
}

TEST_CASE("BasicBlock: torchvision's names") {
  const std::vector<std::string> norm{"weight", "bias", "running_mean", "running_var", "num_batches_tracked"};
  std::vector<std::string> expected{"conv1.weight"};
  for (const auto& entry : norm) expected.push_back("bn1." + entry);
  expected.push_back("conv2.weight");
  for (const auto& entry : norm) expected.push_back("bn2." + entry);
  CHECK(test::state_names(Kept{}) == expected);
  expected.push_back("downsample.0.weight");
  for (const auto& entry : norm) expected.push_back("downsample.1." + entry);
  CHECK(test::state_names(Changed{}) == expected);
}
