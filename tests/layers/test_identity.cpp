// SPDX-License-Identifier: MIT
#include <resnet/layers/identity.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

TEST_CASE("Identity: gradients") { test::check_random_layer<Shape{3, 2, 5}, Identity<Double>>(2); }

TEST_CASE("Identity: hands the same memory on") {
  Context<Double> ctx;
  SavedOf<Identity<Double>, Shape{2}> saved;
  Identity<Double> layer, grad;
  const auto x = test::batch<Shape{2}>(ctx, {1, 2});
  CHECK(layer.forward(ctx, x, saved).data() == x.data());
  CHECK(layer.infer(ctx, x).data() == x.data());
  CHECK(layer.backward(ctx, x, saved, grad).data() == x.data());
}
