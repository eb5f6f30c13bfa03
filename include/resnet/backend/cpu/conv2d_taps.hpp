// SPDX-License-Identifier: MIT
// Direct convolution of few pixels, where fetching the weights takes longest: tap after tap, so that each
// weight is fetched once and used for all pixels at once. Taps that meet only padding are left out: on images
// of 4 × 4 pixels three tenths of all. The sums have DirectSum's order, and so its bits.
#pragma once

#include <resnet/backend/cpu/conv2d_direct.hpp>

namespace resnet::inline RESNET_ISA::cpu {

class TapSum {
 public:
  static constexpr int most_pixels = 64;
  static bool serves(const Conv2dGeometry& g) { return 1LL * g.n * g.out_h * g.out_w <= most_pixels; }

  /// `packed`: as by PackedKernel for WindowSum::forward.
  TapSum(const Conv2dGeometry& g, const float* packed, const Epilogue& epilogue)
      : g_(g), packed_(packed), epilogue_(epilogue) {}

  void run(CpuWork& work, const float* x, float* y) const {
    const std::size_t each = extent(g_.n, g_.out_h, g_.out_w, tile_columns);
    const auto scratch = work.scratch(each * extent(work.threads()));
    parallel_for(work.threads(), extent(panels(g_.out_c)), [&](std::size_t panel, std::size_t worker) {
      float* sums = scratch.data() + worker * each;
      const int column = static_cast<int>(panel) * tile_columns, columns = std::min(tile_columns, g_.out_c - column);
      const std::size_t tap_size = extent(g_.in_c, tile_columns);
      const float* tap = packed_ + panel * extent(g_.kernel, g_.kernel) * tap_size;
      std::fill_n(sums, each, 0.0f);
      for (int i = 0; i < g_.kernel; ++i)
        for (int j = 0; j < g_.kernel; ++j, tap += tap_size) add_tap(i, j, x, tap, columns, sums);
      for (int p = 0; p < g_.n * g_.out_h * g_.out_w; ++p) {
        float* sum = sums + p * tile_columns;
        const std::size_t offset = extent(p, g_.out_c) + extent(column);
        epilogue_.apply(columns, column, offset, sum);
        std::copy_n(sum, columns, y + offset);
      }
    });
  }

 private:
  /// Of all pixels whose window has a pixel of the image at row i and column j.
  void add_tap(int i, int j, const float* x, const float* b, int columns, float* sums) const {
    const float* a[most_pixels];
    float* c[most_pixels];
    int rows = 0, pixel = 0;
    for (int n = 0; n < g_.n; ++n)
      for (int h = i - g_.padding; h < i - g_.padding + g_.out_h * g_.stride; h += g_.stride)
        for (int w = j - g_.padding; w < j - g_.padding + g_.out_w * g_.stride; w += g_.stride, ++pixel)
          if (h >= 0 && h < g_.in_h && w >= 0 && w < g_.in_w) {
            a[rows] = x + extent((n * g_.in_h + h) * g_.in_w + w, g_.in_c);
            c[rows++] = sums + pixel * tile_columns;
          }
    for_each_group(rows, max_rows, [&](int first, int count) {
      tile_product(Walk{1, g_.in_c}, count, a + first, b, c + first, columns, Into::extend);
    });
  }

  const Conv2dGeometry& g_;
  const float* packed_;
  Epilogue epilogue_;
};

}  // namespace resnet::inline RESNET_ISA::cpu
