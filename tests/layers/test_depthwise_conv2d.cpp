// SPDX-License-Identifier: MIT
#include <resnet/init/initialize.hpp>
#include <resnet/io/state_dict.hpp>
#include <resnet/layers/depthwise_conv2d.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

TEST_CASE("DepthwiseConv2d: gradients") {
  test::check_random_layer<Shape{3, 4, 5}, DepthwiseConv2d<3, 3, 1, Double>>(2);
  test::check_random_layer<Shape{2, 5, 4}, DepthwiseConv2d<2, 5, 2, Double>>(2);
  test::check_random_layer<Shape{2, 5, 6}, DepthwiseConv2d<2, 3, 2, Double, 0>>(1);
}

TEST_CASE("DepthwiseConv2d: shapes, and the weight's in PyTorch") {
  static_assert(DepthwiseConv2d<96, 3, 2, Double>::out({96, 112, 112}) == Shape{96, 56, 56});
  static_assert(DepthwiseConv2d<144, 5, 1, Double>::out({144, 28, 28}) == Shape{144, 28, 28});
  SafeTensors file;
  put_state(file, "", DepthwiseConv2d<4, 3, 1, Double>{});
  CHECK(file.tensors.at("weight").shape == Dimensions{4, 1, 3, 3});
}

/// torch.nn.init.kaiming_normal_(mode="fan_out") takes weight.size(0) · kernel² for the fan out.
TEST_CASE("DepthwiseConv2d: initial values") {
  Context<Double> ctx;
  DepthwiseConv2d<200, 5, 1, Double> layer;
  initialize(ctx, layer);
  double squares = 0;
  for (const double w : test::values_of(layer.weight)) squares += w * w;
  CHECK(squares / layer.weight.size() == doctest::Approx(2.0 / (200 * 25)).epsilon(0.1));
}
