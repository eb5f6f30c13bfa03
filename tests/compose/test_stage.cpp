// SPDX-License-Identifier: MIT
#include <resnet/blocks/basic_block.hpp>
#include <resnet/compose/stage.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

TEST_CASE("Stage: gradients") {
  const test::GradientOptions options{.infer_is_forward = false, .entries = 40};
  test::check_random_layer<Shape{2, 5, 4}, Stage<BasicBlock, 2, 3, 2, 3, Double>>(2, options);
  test::check_random_layer<Shape{2, 3, 3}, Stage<BasicBlock, 2, 2, 1, 1, Double>>(2, options);
}

TEST_CASE("Stage: is its blocks one after the other") {
  static constexpr Shape in{2, 5, 4};
  Stage<BasicBlock, 2, 3, 2, 3, Double> stage;
  test::randomize(stage);
  Context<Double> ctx;
  const auto x = test::batch<in>(ctx, test::normal(2 * in.size(), 1));
  const auto y = stage.rest[1].infer(ctx, stage.rest[0].infer(ctx, stage.first.infer(ctx, x)));
  CHECK(test::values_of(stage.infer(ctx, x)) == test::values_of(y));
}

TEST_CASE("Stage: shapes and names") {
  using Deep = Stage<BasicBlock, 2, 4, 2, 12, Double>;
  static_assert(Deep::out({2, 32, 31}) == Shape{4, 16, 16});
  const auto names = test::state_names(Deep{});
  CHECK(names.size() == 12 * 12 + 6);
  CHECK(names.front() == "0.conv1.weight");
  CHECK(names[12] == "0.downsample.0.weight");
  CHECK(names[18] == "1.conv1.weight");
  CHECK(names.back() == "11.bn2.num_batches_tracked");
}
