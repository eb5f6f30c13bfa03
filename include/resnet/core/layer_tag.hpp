// SPDX-License-Identifier: MIT
#pragma once

namespace resnet::detail {

/// Its address stands for the type L in a value.
template <class L>
struct layer_tag {
  static constexpr char name = 0;
};

}  // namespace resnet::detail
