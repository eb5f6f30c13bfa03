// SPDX-License-Identifier: MIT
#include <resnet/blocks/conv_stage.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

TEST_CASE("ConvStage: gradients") {
  const test::GradientOptions options{.infer_is_forward = false, .entries = 40};
  test::check_random_layer<Shape{2, 4, 6}, ConvStage<ConvReLU, 2, 3, 2, Double>>(2);
  test::check_random_layer<Shape{2, 4, 5}, ConvStage<ConvNormReLU, 2, 3, 1, Double>>(2, options);
}

TEST_CASE("ConvStage: shapes, and the names of one chain of layers") {
  using Plain = ConvStage<ConvReLU, 2, 3, 3, Double>;
  using Normed = ConvStage<ConvNormReLU, 2, 3, 2, Double>;
  static_assert(Plain::out({2, 32, 15}) == Shape{3, 16, 7});
  static_assert(Plain::layer_count == 7 && Normed::layer_count == 7);
  CHECK(test::state_names(Plain{}) ==
        std::vector<std::string>{"0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"});
  CHECK(test::state_names(Normed{}) ==
        std::vector<std::string>{"0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var",
                                 "1.num_batches_tracked", "3.weight", "3.bias", "4.weight", "4.bias", "4.running_mean",
                                 "4.running_var", "4.num_batches_tracked"});
}
