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
#include <resnet/backend/cpu/work.hpp>
#include <resnet/op/conv2d.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

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
    return {taps,   (residue + padding - tap) / stride - taps + 1, 1, residue, stride, count, tap + (taps - 1) * stride,
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

  static void pack(CpuWork& work, const WindowSum& s,
                   const float* weight,  // (out_c, kernel, kernel, in_c)
                   float* packed) {
    s.for_each_kind([&](const WindowAxis& v, const WindowAxis& h) {
      const std::size_t panel_size = extent(v.taps, h.taps, s.depth, tile_columns);
      parallel_for(work.threads(), extent(panels(s.columns)), [&](std::size_t panel, std::size_t) {
        const int first = static_cast<int>(panel) * tile_columns, count = std::min(tile_columns, s.columns - first);
        float* to = packed + panel * panel_size;
        for (int i = 0; i < v.taps; ++i)
          for (int j = 0; j < h.taps; ++j, to += extent(s.depth, tile_columns))
            pack_tap(s, (v.tap0 + i * v.tap_step) * s.kernel + h.tap0 + j * h.tap_step, first, count, weight, to);
      });
      packed += extent(panels(s.columns)) * panel_size;
    });
  }

 private:
  static void pack_tap(const WindowSum& s, int tap, int first, int count, const float* weight, float* to) {
    const int taps = s.kernel * s.kernel;
    if (s.backward) {  // depth is out_c, columns are in_c: neighbours in memory
      for (int o = 0; o < s.depth; ++o, to += tile_columns)
        std::fill(std::copy_n(weight + extent(o * taps + tap, s.columns) + first, count, to), to + tile_columns, 0.0f);
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

  void run(CpuWork& work, const float* source, float* target) const {
    const int pixels = s_.target_h * s_.target_w;
    // Enough pixels that a panel of weights is used often, few enough images that their copies stay in the
    // cache.
    const int cached = static_cast<int>((std::size_t{1} << 17) / extent(border_.h, border_.w, s_.depth));
    const int images = std::clamp(std::min((128 + pixels - 1) / pixels, cached), 1, s_.n);
    const int groups = (s_.n + images - 1) / images, all = panels(s_.columns);
    const int splits = std::clamp((work.threads() + groups - 1) / groups, 1, all);  // few images: share the columns
    const std::size_t copied = border_.needed ? extent(images, border_.h, border_.w, s_.depth) : 0;
    const std::size_t each = (copied + extent(max_rows, tile_columns) + lanes) / lanes * lanes;
    const auto scratch = work.scratch(each * extent(work.threads()));
    parallel_for(work.threads(), extent(groups, splits), [&](std::size_t task, std::size_t worker) {
      const int group = static_cast<int>(task) / splits, split = static_cast<int>(task) % splits;
      const int first = group * images, count = std::min(images, s_.n - first);
      const Part panels_of_split = part_of(all, split, splits);
      float* memory = scratch.data() + worker * each;
      const float* from = source + extent(first, s_.source_h, s_.source_w, s_.depth);
      if (border_.needed) border_.copy(s_, count, from, memory), from = memory;
      const std::size_t offset = extent(first, pixels, s_.columns);
      const float* packed = packed_;
      s_.for_each_kind([&](const WindowAxis& v, const WindowAxis& h) {
        tiles(v, h, count, from, packed, panels_of_split.begin, panels_of_split.end, target, offset, memory + copied);
        packed += extent(v.taps, h.taps, s_.depth, all, tile_columns);
      });
    });
  }

 private:
  /// Panels [begin, end) for one kind of window of `images` images.
  void tiles(const WindowAxis& v, const WindowAxis& h, int images, const float* source, const float* packed, int begin,
             int end, float* target, std::size_t offset, float* spare) const {
    if (v.taps == 0 || h.taps == 0)
      return without_taps(v, h, images, begin * tile_columns, std::min(end * tile_columns, s_.columns), target + offset,
                          offset);
    Walk walk{v.taps, h.taps * s_.depth, static_cast<std::ptrdiff_t>(border_.w) * s_.depth};
    const std::size_t panel_size = extent(v.taps, h.taps, s_.depth, tile_columns);
    // As many panels at a time as half of the second cache holds.
    const int block = std::max(1, static_cast<int>((std::size_t{1} << 17) / std::max<std::size_t>(panel_size, 1)));
    const Into into = epilogue_.residual == target                       ? Into::add
                      : streams(target) && walk.runs * walk.length <= 64 ? Into::stream
                                                                         : Into::overwrite;
    for (int p = begin; p < end; p += block) {
      int n = 0, i = 0, j = 0;  // the next pixel
      const float* from = nullptr;
      float* to = nullptr;
      for_each_group(images * v.count * h.count, max_rows, [&](int, int rows) {
        const float* a[max_rows] = {};
        float* c[max_rows] = {};
        for (int r = 0; r < rows; ++r) {
          if (j == 0) {
            from = source + extent((n * border_.h + i * v.stride + v.first + border_.before) * border_.w + h.first +
                                       border_.before,
                                   s_.depth);
            to = target + offset + at(v, h, n, i, 0);
          }
          a[r] = from, c[r] = to;
          from += extent(h.stride, s_.depth), to += extent(h.step, s_.columns);
          if (++j == h.count) j = 0, ++i;
          if (i == v.count) i = 0, ++n;
        }
        for (int q = p; q < std::min(p + block, end); ++q)
          panel(walk, rows, a, packed + extent(q) * panel_size, q * tile_columns, c, target, into, spare);
      });
    }
  }

  /// Where the target of a window begins.
  std::size_t at(const WindowAxis& v, const WindowAxis& h, int n, int i, int j) const {
    return extent((n * s_.target_h + i * v.step + v.offset) * s_.target_w + j * h.step + h.offset, s_.columns);
  }

  /// Columns [first, last) of the pixels that no tap meets (of backward-data, where nothing but an addend
  /// follows).
  void without_taps(const WindowAxis& v, const WindowAxis& h, int images, int first, int last, float* target,
                    std::size_t offset) const {
    const float* addend = epilogue_.residual ? epilogue_.residual + offset : nullptr;
    if (addend == target) return;
    const bool streamed = streams(target);
    for (int n = 0; n < images; ++n)
      for (int i = 0; i < v.count; ++i)
        for (int j = 0; j < h.count; ++j) {
          const std::size_t to = at(v, h, n, i, j) + extent(first);
          if (addend)
            std::copy_n(addend + to, last - first, target + to);
          else if (streamed)
            for (int k = 0; k < last - first; k += lanes) stream(target + to + k, Vec{});
          else
            std::fill_n(target + to, last - first, 0.0f);
        }
  }

  /// Whether results go past the caches: a target that no cache holds, and no epilogue reads. That saves
  /// fetching what is overwritten, where sums are too short to hide it.
  bool streams(const float* target) const {
    constexpr std::size_t large = std::size_t{1} << 22, line = 64;
    return extent(s_.n, s_.target_h, s_.target_w, s_.columns) >= large && epilogue_.empty() &&
           extent(s_.columns) % (line / sizeof(float)) == 0 && reinterpret_cast<std::uintptr_t>(target) % line == 0;
  }

  /// `c`: the rows' pixels in the target.
  void panel(Walk& walk, int rows, const float* const* a, const float* b, int column, float* const* c,
             const float* target, Into into, float* spare) const {
    const int columns = std::min(tile_columns, s_.columns - column);
    if (columns % lanes == 0 && (!epilogue_.residual || epilogue_.residual == target)) {
      walk.c_first = column;
      const Epilogue rest{epilogue_.bias, nullptr, epilogue_.relu};
      tile_product(walk, rows, a, b, c, columns, into);
      if (!rest.empty())
        for (int r = 0; r < rows; ++r) rest.apply(columns, column, 0, c[r] + column);
      return;
    }
    // A tile writes whole vectors, and may not overwrite what is still to be added.
    walk.c_first = 0;
    float* own[max_rows] = {};
    for (int r = 0; r < rows; ++r) own[r] = spare + r * tile_columns;
    tile_product(walk, rows, a, b, own, columns);
    for (int r = 0; r < rows; ++r) {
      epilogue_.apply(columns, column, static_cast<std::size_t>(c[r] - target) + extent(column), own[r]);
      std::copy_n(own[r], columns, c[r] + column);
    }
  }

  const WindowSum& s_;
  Border border_;
  const float* packed_;
  Epilogue epilogue_;
};

}  // namespace resnet::inline RESNET_ISA::cpu
