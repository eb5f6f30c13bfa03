// SPDX-License-Identifier: MIT
#include <resnet/blocks/padded_block.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

TEST_CASE("PaddedBlock: gradients") {
  static constexpr Shape in{2, 4, 5};
  static_assert(std::is_same_v<PaddedBlock<2, 2, 1, Double>::Downsample, Identity<Double>>);
  static_assert(PaddedBlock<2, 4, 2, Double>::out(in) == Shape{4, 2, 3});
  test::check_random_layer<in, PaddedBlock<2, 4, 2, Double>>(2, {.infer_is_forward = false});
  CHECK(test::state_names(PaddedBlock<2, 4, 2, Double>{}) == test::state_names(BasicBlock<4, 4, 1, Double>{}));
}

TEST_CASE("PaddedShortcut: every second pixel, between zeros") {
  Context<Double> ctx;
  const auto x = test::batch<Shape{2, 2, 3}>(ctx, Values{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const auto y = PaddedShortcut<2, 4, 2, Double>{}.infer(ctx, x);
  static_assert(y.shape == Shape{4, 1, 2});
  CHECK(test::values_of(y) == Values{0, 1, 2, 0, 0, 5, 6, 0});
}
