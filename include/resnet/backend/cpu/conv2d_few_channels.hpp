// SPDX-License-Identifier: MIT
// The weights' gradient of a convolution with few input channels, a network's first: the rows of the product
// are taps and channels, found in the image itself, the columns are dy's channels as they lie in memory.
// Nothing is copied but strips of the image with their border.
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/tile.hpp>
#include <resnet/backend/cpu/work.hpp>
#include <resnet/op/conv2d.hpp>

#include <algorithm>
#include <cstddef>

namespace resnet::inline RESNET_ISA::cpu {

/// dweight (out_c, kernel·kernel·in_c) += (patches of x)ᵀ · dy, transposed. The sums of fixed parts of the
/// strips are added in a fixed order.
class FewChannelsWeightGradient {
 public:
  static bool serves(const Conv2dGeometry& g) { return g.in_c <= 4 && g.out_c % lanes == 0 && g.padding < g.kernel; }

  explicit FewChannelsWeightGradient(const Conv2dGeometry& g) : g_(g) {}

  void run(CpuWork& work, const float* x, const float* dy, float* dweight) const {
    const int units = g_.n * strips_, parts = std::min(units, 16);
    const auto sums = work.scratch(extent(parts, entries_, g_.out_c));
    const std::size_t each = extent((strip_rows_ - 1) * g_.stride + g_.kernel, row_);
    const auto scratch = work.scratch(each * extent(work.threads()));
    parallel_for(work.threads(), extent(parts), [&](std::size_t part, std::size_t worker) {
      float* strip = scratch.data() + worker * each;
      const auto [first, last] = part_of(units, static_cast<int>(part), parts);
      for (int unit = first; unit < last; ++unit) {
        const int n = unit / strips_, h = unit % strips_ * strip_rows_;
        const int rows = std::min(strip_rows_, g_.out_h - h);
        copy_strip(x + extent(n, g_.in_h, g_.in_w, g_.in_c), h * g_.stride - g_.padding,
                   (rows - 1) * g_.stride + g_.kernel, strip);
        products(rows, strip, dy + extent(n * g_.out_h + h, g_.out_w, g_.out_c),
                 sums.data() + part * extent(entries_, g_.out_c), unit == first ? Into::overwrite : Into::add);
      }
    });
    parallel_for(work.threads(), extent(g_.out_c), [&](std::size_t o, std::size_t) {
      for (int part = 0; part < parts; ++part)
        for (int e = 0; e < entries_; ++e)
          dweight[o * extent(entries_) + extent(e)] += sums.data()[extent(part * entries_ + e, g_.out_c) + o];
    });
  }

 private:
  /// Rows [top, top + rows) of an image, with zeros outside, as far to the right as windows reach.
  void copy_strip(const float* image, int top, int rows, float* to) const {
    const int left = g_.padding * g_.in_c, inside = std::min(g_.in_w * g_.in_c, row_ - left);
    for (int i = top; i < top + rows; ++i, to += row_) {
      if (i < 0 || i >= g_.in_h) {
        std::fill_n(to, row_, 0.0f);
        continue;
      }
      std::fill_n(to, left, 0.0f);
      std::copy_n(image + extent(i, g_.in_w, g_.in_c), inside, to + left);
      std::fill_n(to + left + inside, row_ - left - inside, 0.0f);
    }
  }

  void products(int rows, const float* strip, const float* dy, float* sum, Into into) const {
    // A panel meets dy's pixels a line at a time, which no processor foresees: fetch them in their order.
    for (int i = 0; i < rows * g_.out_w * g_.out_c; i += 16) __builtin_prefetch(dy + i);
    Walk walk{rows, g_.out_w, static_cast<std::ptrdiff_t>(g_.stride) * row_, g_.stride * g_.in_c, g_.out_c};
    for (int o = 0; o < g_.out_c; o += tile_columns) {
      walk.c_first = o;
      for_each_group(entries_, max_rows, [&](int first, int count) {
        const float* a[max_rows];
        float* c[max_rows];
        for (int r = 0; r < count; ++r) {
          const int e = first + r, tap_row = g_.kernel * g_.in_c;
          a[r] = strip + extent(e / tap_row, row_) + e % tap_row;
          c[r] = sum + extent(e, g_.out_c);
        }
        tile_product(walk, count, a, dy + o, c, std::min(tile_columns, g_.out_c - o), into);
      });
    }
  }

  static constexpr int strip_pixels = 64;  // of dy: a panel of them stays in the first cache, at any distance
  Conv2dGeometry g_;
  int entries_ = g_.kernel * g_.kernel * g_.in_c;
  int strip_rows_ = std::clamp(strip_pixels / g_.out_w, 1, g_.out_h);
  int strips_ = (g_.out_h + strip_rows_ - 1) / strip_rows_;
  int row_ = ((g_.out_w - 1) * g_.stride + g_.kernel) * g_.in_c;  // floats of a strip's row
};

}  // namespace resnet::inline RESNET_ISA::cpu
