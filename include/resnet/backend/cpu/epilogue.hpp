// SPDX-License-Identifier: MIT
// What happens to a convolution's output before it leaves the registers: y = relu((y + residual) + bias), in this order
// on every path: a residual that lies in place of the output is added by the tile itself, before all else.
#pragma once

#include <resnet/backend/cpu/simd/vec.hpp>

#include <cstddef>

namespace resnet::inline RESNET_ISA::cpu {

struct Epilogue {
  const float* bias = nullptr;      // (c)
  const float* residual = nullptr;  // as the output
  bool relu = false;

  bool empty() const { return !bias && !residual && !relu; }

  /// For a vector of channels, from `channel` on; `offset`: where they are in the output.
  Vec apply(Vec y, int channel, std::size_t offset) const {
    if (residual) y = y + load(residual + offset);
    if (bias) y = y + load(bias + channel);
    if (relu) y = max(Vec{}, y);  // NaN stays NaN
    return y;
  }

  /// For `columns` channels of a pixel, from `channel` on; `offset`: where they are in the output.
  void apply(int columns, int channel, std::size_t offset, float* y) const {
    if (empty()) return;
    int j = 0;
    for (; j + lanes <= columns; j += lanes)
      store(y + j, apply(load(y + j), channel + j, offset + static_cast<std::size_t>(j)));
    for (; j < columns; ++j) {
      if (residual) y[j] += residual[offset + static_cast<std::size_t>(j)];
      if (bias) y[j] += bias[channel + j];
      if (relu) y[j] = y[j] < 0 ? 0 : y[j];
    }
  }
};

}  // namespace resnet::inline RESNET_ISA::cpu
