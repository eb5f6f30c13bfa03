// SPDX-License-Identifier: MIT
#include <resnet/layers/flatten.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

TEST_CASE("Flatten: gradients") {
  test::check_random_layer<Shape{3, 2, 4}, Flatten<Double>>(2);
  test::check_random_layer<Shape{1, 3, 2}, Flatten<Double>>(2);
  test::check_random_layer<Shape{5}, Flatten<Double>>(3);
}

TEST_CASE("Flatten: channel by channel") {
  Context<Double> ctx;
  const auto x = test::batch<Shape{2, 1, 3}>(ctx, {1, 10, 2, 20, 3, 30});  // three pixels of two channels
  const auto y = Flatten<Double>{}.infer(ctx, x);
  static_assert(y.shape == Shape{6});
  CHECK(test::values_of(y) == Values{1, 2, 3, 10, 20, 30});
}

TEST_CASE("Flatten: one pixel or one channel costs nothing") {
  Context<Double> ctx;
  const auto pixel = ctx.make<Shape{7}>(2);
  CHECK(Flatten<Double>{}.infer(ctx, pixel).data() == pixel.data());
  const auto channel = ctx.make<Shape{1, 2, 3}>(2);
  CHECK(Flatten<Double>{}.infer(ctx, channel).data() == channel.data());
}
