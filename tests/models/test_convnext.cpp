// SPDX-License-Identifier: MIT
#include <resnet/convnext.hpp>

#include "tests/models/check_model.hpp"

using namespace resnet;

TEST_CASE("ConvNeXt: learns, is saved, loaded and frozen") {
  test::check_model<ConvNeXt<8, Depths{1, 1, 1, 1}, 5, Cpu>, Shape{3, 16, 16}>(0.05);
}

TEST_CASE("ConvNeXt: stochastic depth for each block") {
  SmallConvNeXt<> model;
  CHECK(set_drop_path(model, 0.2) == 12);
}
