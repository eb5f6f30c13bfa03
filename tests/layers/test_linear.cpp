// SPDX-License-Identifier: MIT
#include <resnet/layers/linear.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

TEST_CASE("Linear: numbers worked out by hand") {
  Linear<2, 3, Double> linear;
  test::upload<Double>({1, 2, 3, 4, 5, 6}, linear.weight.data());  // (out, in)
  test::upload<Double>({0.5, 0, -0.5}, linear.bias.data());
  Context<Double> ctx;
  const auto y = linear.infer(ctx, test::batch<Shape{2}>(ctx, {1, 10, 100, 1000}));
  CHECK(test::values_of(y) == test::Values{21.5, 43, 64.5, 2100.5, 4300, 6499.5});
}

TEST_CASE("Linear: gradients") {
  test::check_random_layer<Shape{5}, Linear<5, 3, Double>>(4);
  test::check_random_layer<Shape{1}, Linear<1, 7, Double>>(1);
  test::check_random_layer<Shape{4}, Linear<4, 2, Double, false>>(3);
}

TEST_CASE("Linear: without a bias there is no tensor for it") {
  CHECK(test::state_names(Linear<2, 2, Double>{}) == std::vector<std::string>{"weight", "bias"});
  CHECK(test::state_names(Linear<2, 2, Double, false>{}) == std::vector<std::string>{"weight"});
}
