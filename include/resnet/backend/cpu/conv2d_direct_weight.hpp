// SPDX-License-Identifier: MIT
// The weights' gradient of any convolution, as one matrix product.
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/tile.hpp>
#include <resnet/backend/cpu/work.hpp>
#include <resnet/op/conv2d.hpp>

#include <algorithm>
#include <cstddef>

namespace resnet::inline RESNET_ISA::cpu {

/// dweight (out_c, kernel·kernel·in_c) += dyᵀ (out_c, pixels) · patches of x (pixels, kernel·kernel·in_c).
/// The patches are made for a block of pixels and a panel of columns at a time. The sums of fixed parts of
/// the pixels are added in a fixed order.
class DirectWeightGradient {
 public:
  static constexpr int block_pixels = 128;

  explicit DirectWeightGradient(const Conv2dGeometry& g) : g_(g) {
    // A task's sums stay in the second cache; enough tasks for many threads.
    groups_ = std::clamp(static_cast<int>(extent(g.out_c, stride()) >> 17), 1, panels(depth_));
    parts_ = std::clamp(16 / groups_, 1, (pixels_ + block_pixels - 1) / block_pixels);
  }

  void run(CpuWork& work, const float* x, const float* dy, float* dweight) const {
    const auto sums = work.scratch(extent(parts_, g_.out_c, stride()));
    const std::size_t patches_size = extent(block_pixels, tile_columns);
    const std::size_t each = patches_size + extent(row_groups_, block_pixels, row_group);
    const auto scratch = work.scratch(each * extent(work.threads()));
    parallel_for(work.threads(), extent(parts_, groups_), [&](std::size_t task, std::size_t worker) {
      const int part = static_cast<int>(task) / groups_, group = static_cast<int>(task) % groups_;
      float* patch = scratch.data() + worker * each;
      float* rows = patch + patches_size;
      float* sum = sums.data() + extent(part, g_.out_c, stride());
      const auto [first, last] = part_of(pixels_, part, parts_);
      const auto [first_panel, last_panel] = part_of(panels(depth_), group, groups_);
      for (int begin = first; begin < last; begin += block_pixels) {
        const int count = std::min(block_pixels, last - begin);
        const Rows channels = rows_of(dy + extent(begin, g_.out_c), count, rows);
        for (int p = first_panel; p < last_panel; ++p) {
          copy_patches(begin, count, p * tile_columns, x, patch);
          products(count, channels, patch, std::min(tile_columns, depth_ - p * tile_columns), sum + p * tile_columns,
                   begin == first ? Into::overwrite : Into::add);
        }
      }
    });
    parallel_for(work.threads(), extent(g_.out_c), [&](std::size_t o, std::size_t) {
      for (int part = 0; part < parts_; ++part) {
        const float* sum = sums.data() + (extent(part, g_.out_c) + o) * extent(stride());
        for (int i = 0; i < depth_; ++i) dweight[o * extent(depth_) + extent(i)] += sum[i];
      }
    });
  }

 private:
  int stride() const { return panels(depth_) * tile_columns; }

  /// Columns [column, column + tile_columns) of the patches of `count` pixels: (count, tile_columns).
  void copy_patches(int begin, int count, int column, const float* x, float* to) const {
    struct Run {
      int at, size;     // of the panel
      int row, offset;  // of the patch: a row of taps, floats from the row's beginning
    } runs[tile_columns];
    int used = 0;
    const int patch_row = g_.kernel * g_.in_c, image_row = g_.in_w * g_.in_c;
    const int columns = std::min(tile_columns, depth_ - column);
    for (int at = 0; at < columns; at += runs[used++].size) {
      const int i = column + at;
      runs[used] = {at, std::min(patch_row - i % patch_row, columns - at), i / patch_row, i % patch_row};
    }
    int w = begin % g_.out_w, h = begin / g_.out_w % g_.out_h, n = begin / (g_.out_w * g_.out_h);
    for (int t = 0; t < count; ++t, to += tile_columns) {
      for (int k = 0; k < used; ++k) {
        const Run& run = runs[k];
        const int row = h * g_.stride - g_.padding + run.row;
        const int start = (w * g_.stride - g_.padding) * g_.in_c + run.offset;
        const float* from = x + (static_cast<std::ptrdiff_t>(n) * g_.in_h + row) * image_row + start;
        if (row >= 0 && row < g_.in_h && start >= 0 && start + run.size <= image_row) {
          copy_floats(from, run.size, to + run.at);
        } else {
          const bool inside = row >= 0 && row < g_.in_h;
          for (int i = 0; i < run.size; ++i)
            to[run.at + i] = inside && start + i >= 0 && start + i < image_row ? from[i] : 0;
        }
      }
      for (int i = columns; i % lanes != 0; ++i) to[i] = 0;  // a tile works on whole vectors
      if (++w == g_.out_w) w = 0, ++h;
      if (h == g_.out_h) h = 0, ++n;
    }
  }

  static void copy_floats(const float* from, int n, float* to) {
    int i = 0;
    for (; i + lanes <= n; i += lanes) store(to + i, load(from + i));
    if (i < n && n > lanes)
      store(to + n - lanes, load(from + n - lanes));  // some floats twice: masks are slow on some processors
    else if (i < n)
      store_part(to + i, load_part(from + i, n - i), n - i);
  }

  /// Where a tile finds the channels of dy that are its rows: `group` from tile to tile, `step` from pixel to
  /// pixel.
  struct Rows {
    const float* data;
    std::ptrdiff_t group, step;
  };
  /// Where they are, or, if pixels are so far apart that they collide in the first cache, copied together.
  Rows rows_of(const float* dy, int count, float* copy) const {
    if (g_.out_c <= 128) return {dy, max_rows, g_.out_c};
    float* to = copy;
    for (int o = 0; o < g_.out_c; o += max_rows, to += block_pixels * row_group)
      for (int t = 0; t < count; ++t)
        copy_floats(dy + extent(t, g_.out_c) + o, std::min(row_group, g_.out_c - o), to + t * row_group);
    return {copy, block_pixels * row_group, row_group};
  }

  void products(int count, Rows rows, const float* patch, int columns, float* sum, Into into) const {
    const Walk walk{1, count, 0, rows.step};
    for (int o = 0; o < g_.out_c; o += max_rows, rows.data += rows.group) {
      const float* a[max_rows];
      float* c[max_rows];
      for (int r = 0; r < max_rows; ++r) a[r] = rows.data + r, c[r] = sum + extent(o + r, stride());
      tile_product(walk, std::min(max_rows, g_.out_c - o), a, patch, c, columns, into);
    }
  }

  static constexpr int row_group = 8;
  Conv2dGeometry g_;
  int depth_ = g_.kernel * g_.kernel * g_.in_c;
  int pixels_ = g_.n * g_.out_h * g_.out_w;
  int row_groups_ = (g_.out_c + max_rows - 1) / max_rows;
  int groups_, parts_;
};

}  // namespace resnet::inline RESNET_ISA::cpu
