// SPDX-License-Identifier: MIT
// EfficientNet with few channels and blocks, as make_efficientnet.py has it, and without what is random in
// training.
#pragma once

#include <resnet/efficientnet_b0.hpp>

namespace test {

struct NarrowTable {
  static constexpr int stem = 8, head = 24;
  static constexpr resnet::MBConvStage stages[7] = {{1, 3, 1, 4, 1}, {6, 3, 2, 5, 2},  {3, 5, 2, 6, 2}, {2, 3, 2, 8, 1},
                                                    {2, 5, 1, 8, 2}, {2, 5, 2, 10, 1}, {2, 3, 1, 12, 1}};
};

template <resnet::Form F, int Classes, class B>
struct NarrowEfficientNet : resnet::EfficientNet<NarrowTable, F, Classes, B> {
  NarrowEfficientNet() { this->set_regularisation(0, 0); }
};

}  // namespace test
