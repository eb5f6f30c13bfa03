// SPDX-License-Identifier: MIT
#include <resnet/blocks/convnext_block.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

TEST_CASE("ConvNeXtBlock: gradients, with stochastic depth too") {
  constexpr Shape in{3, 5, 4};
  ConvNeXtBlock<3, 3, 1, Double> block;
  test::check_random_layer<in>(2, {}, block);
  block.drop_path.p = 0.5;
  test::check_random_layer<in>(4, {.infer_is_forward = false}, block);
}
