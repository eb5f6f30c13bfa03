// SPDX-License-Identifier: MIT
#include <resnet/layers/relu.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

TEST_CASE("ReLU: gradients") {
  test::Values x = test::normal(3 * 3 * 4 * 2, 1);
  for (double& value : x) value += value > 0 ? 0.125 : -0.125;  // no derivative at 0
  test::check_layer<Shape{3, 4, 2}>(ReLU<Double>{}, x);
}

TEST_CASE("ReLU: at 0 both value and gradient are 0, and NaN stays NaN") {
  Context<Double> ctx;
  SavedOf<ReLU<Double>, Shape{4}> saved;
  ReLU<Double> relu, grad;
  const auto y = test::values_of(relu.forward(ctx, test::batch<Shape{4}>(ctx, {0, -1, 2, NAN}), saved));
  CHECK(y[0] == 0);
  CHECK(y[1] == 0);
  CHECK(y[2] == 2);
  CHECK(std::isnan(y[3]));
  const auto dx = test::values_of(relu.backward(ctx, test::batch<Shape{4}>(ctx, {5, 5, 5, 5}), saved, grad));
  CHECK(dx[0] == 0);
  CHECK(dx[1] == 0);
  CHECK(dx[2] == 5);
}

TEST_CASE("ReLU: works in the input's memory if nobody else sees it") {
  Context<Double> ctx;
  auto x = test::batch<Shape{4}>(ctx, {1, -1, 2, -2});
  const double* memory = x.data();
  const auto y = ReLU<Double>{}.infer(ctx, std::move(x));
  CHECK(y.data() == memory);
  CHECK(ReLU<Double>{}.infer(ctx, y).data() != memory);
}
