// SPDX-License-Identifier: MIT
#include <resnet/blocks/pyramid_block.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

namespace {

constexpr Shape in{3, 4, 6};
const test::GradientOptions trained{.infer_is_forward = false};

}  // namespace

TEST_CASE("PyramidBlock: gradients, with stochastic depth") {
  static_assert(PyramidBlock<3, 5, 2, Double>::out(in) == Shape{5, 2, 3});
  test::check_random_layer<in, PyramidBlock<3, 3, 1, Double>>(2, trained);
  test::check_random_layer<in, PyramidBlock<3, 5, 2, Double>>(2, trained);
  PyramidBlock<3, 4, 1, Double> block;
  block.drop_path.p = 0.5;
  test::check_random_layer<in>(4, trained, block);
}

TEST_CASE("PyramidBlock: a branch that gives 0 leaves x and zeros") {
  PyramidBlock<3, 4, 1, Double> block;
  test::randomize(block);
  auto& norm = block.last_norm();
  Double::fill(norm.weight.size(), 0, norm.weight.data());
  Double::fill(norm.bias.size(), 0, norm.bias.data());
  Context<Double> ctx;
  const auto x = test::batch<in>(ctx, test::normal(2 * in.size(), 1));
  CHECK(test::values_of(block.infer(ctx, x)) == test::values_of(pad_channels<4>(ctx, x)));
}
