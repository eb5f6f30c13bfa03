// SPDX-License-Identifier: MIT
#include <resnet/layers/layer_norm2d.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

TEST_CASE("LayerNorm2d: gradients") {
  test::check_random_layer<Shape{5, 2, 3}, LayerNorm2d<5, Double>>(2);
  test::check_random_layer<Shape{7}, LayerNorm2d<7, Double>>(3);
}

TEST_CASE("LayerNorm2d: each pixel by its own mean and variance, starts as PyTorch's") {
  Context<Double> ctx;
  LayerNorm2d<2, Double> norm;
  CHECK(test::state_of(norm) == test::Values{1, 1, 0, 0});
  test::upload<Double>({3, 1}, norm.weight.data());
  test::upload<Double>({10, 0}, norm.bias.data());
  const auto y = test::values_of(norm.infer(ctx, test::batch<Shape{2, 1, 2}>(ctx, {1, 5, -4, -4})));  // means 3, -4
  CHECK(y[0] == doctest::Approx(10 - 3 * 2 / std::sqrt(4 + 1e-6)).epsilon(1e-14));
  CHECK(y[1] == doctest::Approx(2 / std::sqrt(4 + 1e-6)).epsilon(1e-14));
  CHECK(y[2] == 10);
  CHECK(y[3] == 0);
}
