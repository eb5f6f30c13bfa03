// SPDX-License-Identifier: MIT
#include <resnet/compose/sequential.hpp>
#include <resnet/layers/batch_norm_relu.hpp>
#include <resnet/layers/relu.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

TEST_CASE("BatchNormReLU: gradients") {
  test::check_random_layer<Shape{3, 4, 2}, BatchNormReLU<3, Double>>(2, {.infer_is_forward = false});
}

TEST_CASE("BatchNormReLU: BatchNorm2d, then ReLU") {
  static constexpr Shape in{3, 4, 2};
  BatchNormReLU<3, Double> both;
  Sequential<BatchNorm2d<3, Double>, ReLU<Double>> chain;
  test::randomize(both);
  std::get<0>(chain.layers) = both;
  Context<Double> ctx;
  const auto x = test::batch<in>(ctx, test::normal(2 * in.size(), 1));
  CHECK(test::values_of(both.infer(ctx, x)) == test::values_of(chain.infer(ctx, x)));
  SavedOf<decltype(both), in> saved;
  SavedOf<decltype(chain), in> chain_saved;
  CHECK(test::values_of(both.forward(ctx, x, saved)) == test::values_of(chain.forward(ctx, x, chain_saved)));
}
