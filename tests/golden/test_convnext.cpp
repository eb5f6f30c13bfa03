// SPDX-License-Identifier: MIT
#include "tests/golden/networks.hpp"

#include <resnet/backend/plan/cost.hpp>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/convnext.hpp>

using namespace golden;

TEST_CASE_TEMPLATE("a pass of a narrow ConvNeXt agrees with PyTorch", B, Ref<double>, Cpu) {
  const File file("convnext.safetensors");
  check_architecture<Shape{3, 32, 32}, B, ConvNeXt<4, Depths{1, 2, 2, 1}, 10, B>>(file);
  CHECK(file.integers("count/SmallConvNeXt") == std::vector{static_cast<int>(parameter_count<SmallConvNeXt<>>)});
}
