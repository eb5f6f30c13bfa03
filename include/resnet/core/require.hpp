// SPDX-License-Identifier: MIT
// Checks whose failure is one sentence; the compiler prints the numbers beside it.
#pragma once

#include <resnet/core/shape.hpp>

namespace resnet {

template <int Got, int Expected>
constexpr void require_channels() {
  static_assert(Got == Expected,
                "the input has 'Got' channels, but the layer's In (or Channels) parameter says 'Expected'");
}

template <int Got, int Expected>
constexpr void require_features() {
  static_assert(Got == Expected,
                "the input has 'Got' features, but the layer's In parameter says 'Expected'");
}

template <int PaddedInput, int Kernel>
constexpr void require_window() {
  static_assert(PaddedInput >= Kernel, "the kernel is larger than the padded input, no output would be left");
}

}  // namespace resnet
