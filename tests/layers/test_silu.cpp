// SPDX-License-Identifier: MIT
#include <resnet/layers/sigmoid.hpp>
#include <resnet/layers/silu.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

TEST_CASE("SiLU and Sigmoid: gradients") {
  test::check_random_layer<Shape{3, 2, 2}, SiLU<Double>>(3);
  test::check_random_layer<Shape{3, 2, 2}, Sigmoid<Double>>(3);
}

TEST_CASE("SiLU and Sigmoid: values") {
  Context<Double> ctx;
  const auto x = test::batch<Shape{2}>(ctx, {0, std::log(3.0)});
  CHECK(test::values_of(Sigmoid<Double>{}.infer(ctx, x))[0] == 0.5);
  CHECK(test::values_of(Sigmoid<Double>{}.infer(ctx, x))[1] == doctest::Approx(0.75));
  CHECK(test::values_of(SiLU<Double>{}.infer(ctx, x))[1] == doctest::Approx(0.75 * std::log(3.0)));
}
