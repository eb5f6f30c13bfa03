// SPDX-License-Identifier: MIT
// The shape of one image or feature map. It is part of a batch's type; the batch size is not.
#pragma once

#include <cstddef>

namespace resnet {

/// The number of elements in an array of these dimensions.
constexpr std::size_t extent(auto... dims) { return (std::size_t{1} * ... * static_cast<std::size_t>(dims)); }

struct Shape {
  int c;      // channels (or features)
  int h = 1;  // height
  int w = 1;  // width

  constexpr std::size_t size() const { return extent(c, h, w); }
  friend constexpr bool operator==(const Shape&, const Shape&) = default;
};

/// Output height or width of a window of `kernel` pixels moved by `stride` over `in` pixels with `padding`
/// pixels added at either side.
constexpr int window_count(int in, int kernel, int stride, int padding) {
  return (in + 2 * padding - kernel) / stride + 1;
}

/// Elements [begin, end) of n: part i of `parts`, as equal as whole numbers allow.
struct Part {
  int begin, end;
};
constexpr Part part_of(int n, int i, int parts) {
  return {static_cast<int>(1LL * n * i / parts), static_cast<int>(1LL * n * (i + 1) / parts)};
}

}  // namespace resnet
