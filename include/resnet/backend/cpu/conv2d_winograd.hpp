// SPDX-License-Identifier: MIT
// 3×3 convolution of stride 1 by Winograd's minimal filtering: F(4, 3) needs a quarter of the direct
// algorithm's multiplications. The image is cut into tiles of m × m outputs; each of the (m + 2)²
// coefficients of all tiles is a matrix product of its own:
//   y = Oᵀ [ (W g Wᵀ) ⊙ (I d Iᵀ) ] O, summed over the input's channels
// Backward-data is forward on dy with the kernel turned by 180° and its channels exchanged.
#pragma once

#include <resnet/backend/cpu/epilogue.hpp>
#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/winograd_tiles.hpp>
#include <resnet/backend/cpu/work.hpp>
#include <resnet/op/conv2d.hpp>

#include <algorithm>
#include <cstddef>

namespace resnet::inline RESNET_ISA::cpu {

/// Forward or backward-data, with F(m, 3).
template <class Map>
class WinogradSum {
 public:
  static constexpr int side = Map::inputs, m = Map::outputs, coefficients = side * side;

  /// What the algorithm can do, and does not waste half of its work on: tiles may reach outside the image.
  static bool serves(const Conv2dGeometry& g) {
    const TileGrid image{1, g.out_h, g.out_w, g.in_h, g.in_w, g.padding, m};
    return g.kernel == 3 && g.stride == 1 && g.padding <= 2 && std::min(g.in_c, g.out_c) >= 16 && g.in_c % lanes == 0 &&
           g.out_c % lanes == 0 && 2 * g.out_h * g.out_w >= m * m * image.tiles();
  }

  /// From (n, source_h, source_w, depth) to (n, target_h, target_w, columns).
  static WinogradSum forward(const Conv2dGeometry& g) {
    return {{g.n, g.out_h, g.out_w, g.in_h, g.in_w, g.padding, m}, g.in_c, g.out_c, false};
  }
  static WinogradSum backward_data(const Conv2dGeometry& g) {
    return {{g.n, g.in_h, g.in_w, g.out_h, g.out_w, 2 - g.padding, m}, g.out_c, g.in_c, true};
  }

  /// The weights of a convolution: as the network holds them, and transformed if that has been done before.
  struct Weights {
    const float* raw;  // (out_c, 3, 3, in_c)
    const float* packed = nullptr;
  };
  std::size_t packed_size() const { return extent(panels(columns)) * panel_size(); }
  void pack(CpuWork& work, const float* weight, float* packed) const {
    parallel_for(work.threads(), extent(panels(columns)), [&](std::size_t panel, std::size_t) {
      kernel_panel(weight, static_cast<int>(panel), packed + panel * panel_size());
    });
  }

  void run(CpuWork& work, const Weights& weights, const float* source, const Epilogue& epilogue, float* target) const {
    const auto zeros = work.scratch(extent(depth));
    std::fill_n(zeros.data(), depth, 0.0f);
    if (grid.tiles() >= columns)
      own_tiles(work, weights, source, zeros.data(), epilogue, target);
    else
      own_columns(work, weights, source, zeros.data(), epilogue, target);
  }

  TileGrid grid;
  int depth, columns;
  bool backward;

 private:
  /// Many tiles: the transformed weights are shared, a task makes some tiles of all channels.
  void own_tiles(CpuWork& work, const Weights& weights, const float* source, const float* zeros,
                 const Epilogue& epilogue, float* target) const {
    const auto made = work.scratch(weights.packed ? 0 : packed_size());
    if (!weights.packed) pack(work, weights.raw, made.data());
    const float* kernel = weights.packed ? weights.packed : made.data();
    // A task's u, out and panels of the kernel: what the second cache holds.
    const int all = panels(columns), block = 4 * max_rows, at_once = std::min(all, columns_at_once);
    const int blocks = (grid.tiles() + block - 1) / block;
    const std::size_t u_size = extent(coefficients) * Coefficients::plane(block, depth);
    const std::size_t each = u_size + extent(coefficients) * Coefficients::plane(block, at_once * tile_columns);
    const auto scratch = work.scratch(each * extent(work.threads()));
    parallel_for(work.threads(), extent(blocks), [&](std::size_t task, std::size_t worker) {
      const auto [begin, end] = part_of(grid.tiles(), static_cast<int>(task), blocks);
      const Coefficients u{scratch.data() + worker * each, block, depth};
      const Coefficients out{u.data + u_size, block, at_once * tile_columns};
      for (int t = begin; t < end; ++t) input(t, source, zeros, u, t - begin);
      for (int p = 0; p < all; p += at_once) {
        const int count = std::min(at_once, all - p);
        products(u, 0, end - begin, kernel + extent(p) * panel_size(), count,
                 std::min(columns - p * tile_columns, count * tile_columns), out);
        for (int t = begin; t < end; ++t)
          output(out, t - begin, t, p * tile_columns, count * tile_columns, epilogue, target);
      }
    });
  }

  /// Few tiles: their coefficients are shared, a task makes some channels of all tiles and transforms its own
  /// weights.
  void own_columns(CpuWork& work, const Weights& weights, const float* source, const float* zeros,
                   const Epilogue& epilogue, float* target) const {
    const int all = panels(columns), tiles = grid.tiles();
    const int at_once = std::clamp(all / work.threads(), 1, columns_at_once);
    const int tasks = (all + at_once - 1) / at_once, block = std::min(tiles, most_tiles);
    const auto shared = work.scratch(extent(coefficients) * Coefficients::plane(tiles, depth));
    const Coefficients u{shared.data(), tiles, depth};
    parallel_for(work.threads(), extent(tiles), [&](std::size_t t, std::size_t) {
      input(static_cast<int>(t), source, zeros, u, static_cast<int>(t));
    });
    const std::size_t kernel_size = weights.packed ? 0 : extent(at_once) * panel_size();
    const std::size_t each = kernel_size + extent(coefficients) * Coefficients::plane(block, at_once * tile_columns);
    const auto scratch = work.scratch(each * extent(work.threads()));
    parallel_for(work.threads(), extent(tasks), [&](std::size_t task, std::size_t worker) {
      float* made = scratch.data() + worker * each;
      const Coefficients out{made + kernel_size, block, at_once * tile_columns};
      const int p = static_cast<int>(task) * at_once, count = std::min(at_once, all - p);
      if (!weights.packed)
        for (int q = 0; q < count; ++q) kernel_panel(weights.raw, p + q, made + extent(q) * panel_size());
      const float* kernel = weights.packed ? weights.packed + extent(p) * panel_size() : made;
      for (int begin = 0; begin < tiles; begin += block) {
        const int some = std::min(block, tiles - begin);
        products(u, begin, some, kernel, count, std::min(columns - p * tile_columns, count * tile_columns), out);
        for (int t = 0; t < some; ++t)
          output(out, t, begin + t, p * tile_columns, count * tile_columns, epilogue, target);
      }
    });
  }

  static constexpr int columns_at_once = tile_columns < 64 ? 64 / tile_columns : 1;  // panels
  static constexpr int most_tiles = 64;
  std::size_t panel_size() const { return extent(coefficients, depth, tile_columns); }

  /// The transformed weights of tile_columns columns: (coefficients, depth, tile_columns).
  [[gnu::noinline]] void kernel_panel(const float* weight, int panel, float* to) const {
    const int first = panel * tile_columns, count = std::min(tile_columns, columns - first);
    float turned[9][lanes][lanes];  // forward's columns are far apart in memory: fetch whole vectors first
    for (int k0 = 0; k0 < depth; k0 += lanes)
      for (int j = 0; j < count; j += lanes) {
        if (!backward)
          for (int tap = 0; tap < 9; ++tap)
            for (int i = 0; i < lanes; ++i)
              store(turned[tap][i], load(weight + extent((first + j + i) * 9 + tap, depth) + k0));
        for (int k = k0; k < k0 + lanes; ++k) {
          Vec g[3][3], w[side][side];
          for (int tap = 0; tap < 9; ++tap)
            g[tap / 3][tap % 3] = backward ? load(weight + extent(k * 9 + 8 - tap, columns) + first + j)
                                           : gather(&turned[tap][0][k - k0], lanes);
          transform(
              g, w, [](const Vec* a, Vec* b) __attribute__((always_inline)) { Map::weight(a, b); });
#pragma GCC unroll 36
          for (int i = 0; i < coefficients; ++i)
            store(to + extent(i * depth + k, tile_columns) + j, w[i / side][i % side]);
        }
      }
  }

  void input(int tile, const float* source, const float* zeros, const Coefficients& u, int at) const {
    const auto [n, top, left] = grid.corner(tile);
    const float* image = source + extent(n, grid.other_h, grid.other_w, depth);
    const TilePixels<side> pixels(image, grid.other_h, grid.other_w, depth, top - grid.padding, left - grid.padding,
                                  zeros);
    transform_tile<side, side>(
        pixels, u, at, [](const Vec* a, Vec* b) __attribute__((always_inline)) { Map::input(a, b); });
  }

  void products(const Coefficients& u, int first, int tiles, const float* kernel, int count, int width,
                const Coefficients& out) const {
    const float* a[most_tiles];
    float* c[most_tiles];
    for (int t = 0; t < tiles; ++t) a[t] = u.at(0, first + t), c[t] = out.at(0, t);
    Walk walk{1, depth};
    for (int i = 0; i < coefficients; ++i)
      for_each_group(tiles, max_rows, [&](int t, int rows) {
        walk.a_first = u.at(i, 0) - u.at(0, 0);
        for (int q = 0; q < count; ++q) {
          walk.c_first = out.at(i, 0) - out.at(0, 0) + q * tile_columns;
          tile_product(walk, rows, a + t, kernel + extent(q) * panel_size() + extent(i, depth, tile_columns), c + t,
                       std::min(width - q * tile_columns, tile_columns));
        }
      });
  }

  [[gnu::noinline]] void output(const Coefficients& from, int at, int tile, int column, int count,
                                const Epilogue& epilogue, float* target) const {
    const auto [n, top, left] = grid.corner(tile);
    const float* in = from.at(0, at);
    const std::size_t plane = Coefficients::plane(from.tiles, from.channels);
    const std::size_t corner = extent((n * grid.h + top) * grid.w + left, columns) + extent(column);
    const int rows = std::min(m, grid.h - top), cols = std::min(m, grid.w - left);
    for (int c = 0; c < std::min(count, columns - column); c += lanes) {
      Vec v[side][side], y[m][m];
#pragma GCC unroll 36
      for (int i = 0; i < coefficients; ++i) v[i / side][i % side] = load(in + extent(i) * plane + c);
      transform(
          v, y, [](const Vec* a, Vec* b) __attribute__((always_inline)) { Map::output(a, b); });
#pragma GCC unroll 4
      for (int i = 0; i < m; ++i)
#pragma GCC unroll 4
        for (int j = 0; j < m; ++j)
          if (i < rows && j < cols) {
            const std::size_t offset = corner + extent(i * grid.w + j, columns) + extent(c);
            store(target + offset, epilogue.apply(y[i][j], column + c, offset));
          }
    }
  }
};

}  // namespace resnet::inline RESNET_ISA::cpu
