// SPDX-License-Identifier: MIT
// Direct convolution: any kernel, stride, padding and number of channels.
//
// Forward and backward-data are the same computation, a sum over windows of a zero-bordered source image:
//   target[n, h·step + h0, w·step + w0, j] = Σ_{r, s, k} source[n, h·stride + top + r, w·stride + left + s,
//   k]
//                                                        · packed[r, s, k, j]
// Forward is one such sum with the convolution's stride. Backward-data is stride² of them, one for each
// residue of dx's coordinates: each meets every stride-th tap of the kernel, mirrored, so that no zeros are
// inserted into dy and multiplied.
#pragma once

#include <resnet/backend/cpu/epilogue.hpp>
#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/tile.hpp>
#include <resnet/core/backend.hpp>

#include <algorithm>
#include <cstddef>

namespace resnet::inline RESNET_ISA::cpu {

/// The windows along one axis that give every step-th pixel of the target, beginning with `offset`.
struct WindowAxis {
  int taps;                 // pixels in a window; 0 if the targets get nothing
  int first;                // where the first window begins in the source: negative in the border
  int stride;               // from window to window
  int offset, step, count;  // the targets
  int tap0, tap_step;       // the kernel's tap that a window's first pixel meets, and from tap to tap

  int end() const { return count > 0 ? first + (count - 1) * stride + taps : 0; }
};

/// From (n, source_h, source_w, depth) to (n, target_h, target_w, columns).
struct WindowSum {
  int n;
  int source_h, source_w, depth;
  int target_h, target_w, columns;
  int kernel, stride, padding;
  bool backward;

  static WindowSum forward(const Conv2dGeometry& g) {
    return {g.n, g.in_h, g.in_w, g.in_c, g.out_h, g.out_w, g.out_c, g.kernel, g.stride, g.padding, false};
  }
  static WindowSum backward_data(const Conv2dGeometry& g) {
    return {g.n, g.out_h, g.out_w, g.out_c, g.in_h, g.in_w, g.in_c, g.kernel, g.stride, g.padding, true};
  }

  /// Residues of the target's coordinates that see different taps.
  int residues() const { return backward ? stride : 1; }
  WindowAxis axis(int residue, int target) const {
    if (!backward) return {kernel, -padding, stride, 0, 1, target, 0, 1};
    const int tap = (residue + padding) % stride;  // meets targets residue, residue + stride, …
    const int taps = tap < kernel ? (kernel - tap + stride - 1) / stride : 0;
    const int count = residue < target ? (target - residue + stride - 1) / stride : 0;
    return {taps,
            (residue + padding - tap) / stride - taps + 1,
            1,
            residue,
            stride,
            count,
            tap + (taps - 1) * stride,
            -stride};
  }
  /// f(rows' axis, columns' axis) for each kind of window.
  void for_each_kind(auto&& f) const {
    for (int v = 0; v < residues(); ++v)
      for (int h = 0; h < residues(); ++h) f(axis(v, target_h), axis(h, target_w));
  }
};

/// Weights in the order in which windows meet them: for each kind of window, for each panel of columns,
/// (taps, taps, depth, tile_columns), with zeros in the last panel's spare columns.
struct PackedKernel {
  static std::size_t size(const WindowSum& s) {
    return extent(s.kernel, s.kernel, s.depth, panels(s.columns), tile_columns);
  }

  static void pack(auto& ctx, const WindowSum& s,
                   const float* weight,  // (out_c, kernel, kernel, in_c)
                   float* packed) {
    s.for_each_kind([&](const WindowAxis& v, const WindowAxis& h) {
      const std::size_t panel_size = extent(v.taps, h.taps, s.depth, tile_columns);
      parallel_for(ctx.threads(), extent(panels(s.columns)), [&](std::size_t panel, std::size_t) {
        const int first = static_cast<int>(panel) * tile_columns,
                  count = std::min(tile_columns, s.columns - first);
        float* to = packed + panel * panel_size;
        for (int i = 0; i < v.taps; ++i)
          for (int j = 0; j < h.taps; ++j, to += extent(s.depth, tile_columns))
            pack_tap(s, (v.tap0 + i * v.tap_step) * s.kernel + h.tap0 + j * h.tap_step, first, count, weight,
                     to);
      });
      packed += extent(panels(s.columns)) * panel_size;
    });
  }

 private:
  static void pack_tap(const WindowSum& s, int tap, int first, int count, const float* weight, float* to) {
    const int taps = s.kernel * s.kernel;
    if (s.backward) {  // depth is out_c, columns are in_c: neighbours in memory
      for (int o = 0; o < s.depth; ++o, to += tile_columns)
        std::fill(std::copy_n(weight + extent(o * taps + tap, s.columns) + first, count, to),
                  to + tile_columns, 0.0f);
      return;
    }
    const std::size_t stride = extent(taps, s.depth);  // from one output channel to the next
    const float* from = weight + extent(first) * stride + extent(tap, s.depth);
    for (int c = 0; c < s.depth; ++c, to += tile_columns)
      for (int j = 0; j < tile_columns; ++j) to[j] = j < count ? from[extent(j) * stride + extent(c)] : 0;
  }
};

/// The source's images with a border of zeros, as wide as any window needs.
struct Border {
  int before = 0, h, w;
  bool needed;

  explicit Border(const WindowSum& s) : h(s.source_h), w(s.source_w) {
    s.for_each_kind([&](const WindowAxis& v, const WindowAxis& u) {
      before = std::max({before, -v.first, -u.first});
      h = std::max(h, v.end());
      w = std::max(w, u.end());
    });
    h += before;
    w += before;
    needed = h > s.source_h || w > s.source_w;
  }

  void copy(const WindowSum& s, int images, const float* from, float* to) const {
    const std::size_t row = extent(s.source_w, s.depth);
    for (int n = 0; n < images; ++n) {
      to = std::fill_n(to, extent(before, w, s.depth), 0.0f);
      for (int i = 0; i < s.source_h; ++i, from += row) {
        to = std::fill_n(to, extent(before, s.depth), 0.0f);
        to = std::copy_n(from, row, to);
        to = std::fill_n(to, extent(w - before - s.source_w, s.depth), 0.0f);
      }
      to = std::fill_n(to, extent(h - before - s.source_h, w, s.depth), 0.0f);
    }
  }
};

class DirectSum {
 public:
  DirectSum(const WindowSum& s, const float* packed, const Epilogue& epilogue)
      : s_(s), border_(s), packed_(packed), epilogue_(epilogue) {}

  void run(auto& ctx, const float* source, float* target) const {
    const int pixels = s_.target_h * s_.target_w;
    // Enough pixels that a panel of weights is used often, few enough images that their copies stay in the
    // cache.
    const int cached = static_cast<int>((std::size_t{1} << 17) / extent(border_.h, border_.w, s_.depth));
    const int images = std::clamp(std::min((128 + pixels - 1) / pixels, cached), 1, s_.n);
    const int groups = (s_.n + images - 1) / images, all = panels(s_.columns);
    const int splits =
        std::clamp((ctx.threads() + groups - 1) / groups, 1, all);  // few images: share the columns
    const std::size_t copied = border_.needed ? extent(images, border_.h, border_.w, s_.depth) : 0;
    const std::size_t each = (copied + extent(max_rows, tile_columns) + lanes) / lanes * lanes;
    const auto scratch = ctx.scratch(each * extent(ctx.threads()));
    parallel_for(ctx.threads(), extent(groups, splits), [&](std::size_t task, std::size_t worker) {
      const int group = static_cast<int>(task) / splits, split = static_cast<int>(task) % splits;
      const int first = group * images, count = std::min(images, s_.n - first);
      float* memory = scratch.data() + worker * each;
      const float* from = source + extent(first, s_.source_h, s_.source_w, s_.depth);
      if (border_.needed) border_.copy(s_, count, from, memory), from = memory;
      const std::size_t offset = extent(first, pixels, s_.columns);
      const float* packed = packed_;
      s_.for_each_kind([&](const WindowAxis& v, const WindowAxis& h) {
        tiles(v, h, count, from, packed, all * split / splits, all * (split + 1) / splits, target, offset,
              memory + copied);
        packed += extent(v.taps, h.taps, s_.depth, all, tile_columns);
      });
    });
  }

 private:
  /// Panels [begin, end) for one kind of window of `images` images.
  void tiles(const WindowAxis& v, const WindowAxis& h, int images, const float* source, const float* packed,
             int begin, int end, float* target, std::size_t offset, float* spare) const {
    const Walk walk{v.taps, h.taps * s_.depth, static_cast<std::ptrdiff_t>(border_.w) * s_.depth};
    const std::size_t panel_size = extent(v.taps, h.taps, s_.depth, tile_columns);
    // As many panels at a time as half of the second cache holds.
    const int block =
        std::max(1, static_cast<int>((std::size_t{1} << 17) / std::max<std::size_t>(panel_size, 1)));
    for (int p = begin; p < end; p += block) {
      int n = 0, i = 0, j = 0;  // the next pixel
      for_each_group(images * v.count * h.count, max_rows, [&](int, int rows) {
        const float* a[max_rows] = {};
        std::size_t to[max_rows];
        for (int r = 0; r < rows; ++r) {
          a[r] = source + extent((n * border_.h + i * v.stride + v.first + border_.before) * border_.w +
                                     j * h.stride + h.first + border_.before,
                                 s_.depth);
          to[r] =
              offset + extent((n * s_.target_h + i * v.step + v.offset) * s_.target_w + j * h.step + h.offset,
                              s_.columns);
          if (++j == h.count) j = 0, ++i;
          if (i == v.count) i = 0, ++n;
        }
        for (int q = p; q < std::min(p + block, end); ++q)
          panel(walk, rows, a, packed + extent(q) * panel_size, q * tile_columns, target, to, spare);
      });
    }
  }

  void panel(const Walk& walk, int rows, const float* const* a, const float* b, int column, float* target,
             const std::size_t* to, float* spare) const {
    const int columns = std::min(tile_columns, s_.columns - column);
    // A tile writes whole vectors, and the target may be what the epilogue adds.
    const bool whole = columns % lanes == 0 && !epilogue_.residual;
    float* c[max_rows] = {};
    for (int r = 0; r < rows; ++r) c[r] = whole ? target + to[r] + column : spare + r * tile_columns;
    tile_product(walk, rows, a, b, c, columns);
    for (int r = 0; r < rows; ++r) {
      epilogue_.apply(columns, column, to[r] + extent(column), c[r]);
      if (!whole) std::copy_n(c[r], columns, target + to[r] + column);
    }
  }

  const WindowSum& s_;
  Border border_;
  const float* packed_;
  Epilogue epilogue_;
};

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

  void run(auto& ctx, const float* x, const float* dy, float* dweight) const {
    const auto sums = ctx.scratch(extent(parts_, g_.out_c, stride()));
    const std::size_t patches_size = extent(block_pixels, tile_columns);
    const std::size_t each = patches_size + extent(row_groups_, block_pixels, row_group);
    const auto scratch = ctx.scratch(each * extent(ctx.threads()));
    parallel_for(ctx.threads(), extent(parts_, groups_), [&](std::size_t task, std::size_t worker) {
      const int part = static_cast<int>(task) / groups_, group = static_cast<int>(task) % groups_;
      float* patch = scratch.data() + worker * each;
      float* rows = patch + patches_size;
      float* sum = sums.data() + extent(part, g_.out_c, stride());
      const int first = bound(pixels_, part, parts_), last = bound(pixels_, part + 1, parts_);
      for (int begin = first; begin < last; begin += block_pixels) {
        const int count = std::min(block_pixels, last - begin);
        const Rows channels = rows_of(dy + extent(begin, g_.out_c), count, rows);
        for (int p = bound(panels(depth_), group, groups_); p < bound(panels(depth_), group + 1, groups_);
             ++p) {
          copy_patches(begin, count, p * tile_columns, x, patch);
          products(count, channels, patch, std::min(tile_columns, depth_ - p * tile_columns),
                   sum + p * tile_columns, begin == first ? Into::overwrite : Into::add);
        }
      }
    });
    parallel_for(ctx.threads(), extent(g_.out_c), [&](std::size_t o, std::size_t) {
      for (int part = 0; part < parts_; ++part) {
        const float* sum = sums.data() + (extent(part, g_.out_c) + o) * extent(stride());
        for (int i = 0; i < depth_; ++i) dweight[o * extent(depth_) + extent(i)] += sum[i];
      }
    });
  }

 private:
  static int bound(int n, int i, int parts) { return static_cast<int>(1LL * n * i / parts); }
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
    if (i < n) store_part(to + i, load_part(from + i, n - i), n - i);
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
        copy_floats(dy + extent(t, g_.out_c) + o, std::min(max_rows, g_.out_c - o), to + t * row_group);
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
