// SPDX-License-Identifier: MIT
#include <resnet/layers/gelu.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

TEST_CASE("GELU: gradients") { test::check_random_layer<Shape{3, 2, 2}, GELU<Double>>(3); }

TEST_CASE("GELU: PyTorch's values") {
  Context<Double> ctx;
  const auto y = test::values_of(GELU<Double>{}.infer(ctx, test::batch<Shape{4}>(ctx, {-2, -0.5, 0, 1})));
  CHECK(y[0] == doctest::Approx(-0.04550026389635839).epsilon(1e-14));
  CHECK(y[1] == doctest::Approx(-0.15426876936299344).epsilon(1e-14));
  CHECK(y[2] == 0);
  CHECK(y[3] == doctest::Approx(0.8413447460685429).epsilon(1e-14));
}
