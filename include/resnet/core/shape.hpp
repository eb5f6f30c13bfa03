// SPDX-License-Identifier: MIT
// The shape of one image or feature map. It is part of a batch's type; the batch size is not.
#pragma once

#include <cstddef>

namespace resnet {

struct Shape {
  int c;      // channels (or features)
  int h = 1;  // height
  int w = 1;  // width

  constexpr std::size_t size() const {
    return static_cast<std::size_t>(c) * static_cast<std::size_t>(h) * static_cast<std::size_t>(w);
  }
  friend constexpr bool operator==(const Shape&, const Shape&) = default;
};

/// Output height or width of a window of `kernel` pixels moved by `stride` over `in` pixels with `padding`
/// pixels added at either side.
constexpr int window_count(int in, int kernel, int stride, int padding) {
  return (in + 2 * padding - kernel) / stride + 1;
}

}  // namespace resnet
