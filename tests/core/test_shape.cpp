// SPDX-License-Identifier: MIT
#include <resnet/core/shape.hpp>

#include <doctest/doctest.h>

#include <cstddef>

using namespace resnet;

TEST_CASE("Shape: size and comparison") {
  static_assert(Shape{512}.size() == 512);
  static_assert(Shape{3, 32, 32} != Shape{3, 32, 31});
  CHECK(Shape{3, 5, 7}.size() == 105);
  CHECK(Shape{100'000, 1000, 1000}.size() == std::size_t{100'000'000'000});  // no overflow of int
}

TEST_CASE("window_count: counts the windows that fit") {
  for (int in = 1; in <= 9; ++in)
    for (int kernel = 1; kernel <= 4; ++kernel)
      for (int stride = 1; stride <= 3; ++stride)
        for (int padding = 0; padding <= 3; ++padding) {
          if (in + 2 * padding < kernel) continue;
          int windows = 0;
          for (int begin = -padding; begin + kernel <= in + padding; begin += stride) ++windows;
          CHECK(window_count(in, kernel, stride, padding) == windows);
        }
}
