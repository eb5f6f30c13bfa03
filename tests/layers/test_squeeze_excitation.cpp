// SPDX-License-Identifier: MIT
#include <resnet/layers/squeeze_excitation.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;
using Squeeze = SqueezeExcitation<6, 2, Double>;

TEST_CASE("SqueezeExcitation: gradients") { test::check_random_layer<Shape{6, 3, 2}, Squeeze>(2); }

TEST_CASE("SqueezeExcitation: without weights each channel is halved") {
  Context<Double> ctx;
  Values x = test::normal(2 * 12, 1);
  const Values y = test::values_of(Squeeze{}.infer(ctx, test::batch<Shape{6, 1, 2}>(ctx, x)));
  for (double& value : x) value /= 2;
  CHECK(y == x);
}

TEST_CASE("SqueezeExcitation: torchvision's names") {
  CHECK(test::state_names(Squeeze{}) == std::vector<std::string>{"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"});
}
