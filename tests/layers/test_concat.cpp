// SPDX-License-Identifier: MIT
#include <resnet/layers/concat.hpp>
#include <resnet/layers/pad_channels.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

TEST_CASE("concat, pad_channels and slice") {
  Context<Double> ctx;
  const Values a{1, 2, 3, 4}, b{5, 6};  // two pixels of two channels and of one
  const auto both = concat(ctx, test::batch<Shape{2, 1, 2}>(ctx, a), test::batch<Shape{1, 1, 2}>(ctx, b));
  static_assert(both.shape == Shape{3, 1, 2});
  CHECK(test::values_of(both) == Values{1, 2, 5, 3, 4, 6});
  CHECK(test::values_of(slice<0, 2>(ctx, both)) == a);
  CHECK(test::values_of(slice<2, 1>(ctx, both)) == b);

  const auto x = test::batch<Shape{2, 1, 2}>(ctx, a);
  CHECK(test::values_of(pad_channels<3>(ctx, x)) == Values{1, 2, 0, 3, 4, 0});
  CHECK(test::values_of(pad_channels<4, 1>(ctx, x)) == Values{0, 1, 2, 0, 0, 3, 4, 0});
  CHECK(test::values_of(pad_channels<3, 1>(ctx, x)) == Values{0, 1, 2, 0, 3, 4});
  CHECK(pad_channels<2>(ctx, x).data() == x.data());
  CHECK(slice<0, 2>(ctx, x).data() == x.data());
}

TEST_CASE("PadChannels: gradients") {
  test::check_random_layer<Shape{3, 2, 3}, PadChannels<7, 2, Double>>(2);
  test::check_random_layer<Shape{3, 2, 3}, PadChannels<5, 0, Double>>(2);
  test::check_random_layer<Shape{3, 2, 3}, PadChannels<3, 0, Double>>(2);
}
