// SPDX-License-Identifier: MIT
// 3×3 convolution of stride 1 by Winograd's minimal filtering: F(4, 3) needs a quarter of the direct
// algorithm's multiplications. The image is cut into tiles of m × m outputs; each of the (m + 2)²
// coefficients of all tiles is a matrix product of its own:
//   forward, backward-data   y = Oᵀ [ (W g Wᵀ) ⊙ (I d Iᵀ) ] O, summed over the input's channels
//   backward-weight          the adjoint: dg = Wᵀ [ Σ over tiles (O dy Oᵀ) ⊙ (I d Iᵀ) ] W
// Backward-data is forward on dy with the kernel turned by 180° and its channels exchanged.
#pragma once

#include <resnet/backend/cpu/epilogue.hpp>
#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/tile.hpp>
#include <resnet/backend/cpu/winograd_maps.hpp>
#include <resnet/core/backend.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace resnet::inline RESNET_ISA::cpu {

/// A plane of the image cut into tiles of m × m pixels, which see (m + 2)² pixels of the other image.
struct TileGrid {
  int n, h, w;  // the image that is cut
  int other_h, other_w;
  int padding, outputs;

  int down() const { return (h + outputs - 1) / outputs; }
  int across() const { return (w + outputs - 1) / outputs; }
  int tiles() const { return n * down() * across(); }

  struct Corner {
    int n, top, left;
  };
  Corner corner(int tile) const {
    const int r = tile % (down() * across());
    return {tile / (down() * across()), r / across() * outputs, r % across() * outputs};
  }
};

/// Pointers to a tile's pixels, row by row; those outside the image point to `outside`. No branches: half of
/// the tiles of small images are at an edge.
template <int Side> struct TilePixels {
  const float* at[Side * Side];
  [[gnu::always_inline]] TilePixels(const float* image, int h, int w, int c, int top, int left,
                                    const float* outside) {
    std::ptrdiff_t column[Side];
    bool inside[Side];
#pragma GCC unroll 6
    for (int j = 0; j < Side; ++j) {
      column[j] = static_cast<std::ptrdiff_t>(left + j) * c;
      inside[j] = static_cast<unsigned>(left + j) < static_cast<unsigned>(w);
    }
#pragma GCC unroll 6
    for (int i = 0; i < Side; ++i) {
      const float* row = image + static_cast<std::ptrdiff_t>(top + i) * w * c;
      const bool row_inside = static_cast<unsigned>(top + i) < static_cast<unsigned>(h);
#pragma GCC unroll 6
      for (int j = 0; j < Side; ++j) {
        const auto mask = -static_cast<std::intptr_t>(row_inside & inside[j]);
        const auto in = reinterpret_cast<std::intptr_t>(row + column[j]),
                   out = reinterpret_cast<std::intptr_t>(outside);
        at[i * Side + j] = reinterpret_cast<const float*>(out ^ ((in ^ out) & mask));
      }
    }
  }
};

/// Coefficient after coefficient of a number of tiles, `channels` floats each. Planes, and
/// rows of many channels, are padded by a line of the cache: power-of-two distances would collide there.
struct Coefficients {
  float* data;
  int tiles, channels;
  static std::size_t row(int channels) { return extent(channels) + (channels % 256 == 0 ? 16 : 0); }
  static std::size_t plane(int tiles, int channels) { return extent(tiles) * row(channels) + 16; }
  float* at(int coefficient, int tile) const {
    return data + extent(coefficient) * plane(tiles, channels) + extent(tile) * row(channels);
  }
};

/// Transforms one tile of Side × Side pixels into Coefs × Coefs coefficients, for all channels.
template <int Side, int Coefs, class Map>
[[gnu::noinline]] void transform_tile(const TilePixels<Side>& pixels, const Coefficients& to, int tile,
                                      Map map) {
  float* first = to.at(0, tile);
  const std::size_t plane = Coefficients::plane(to.tiles, to.channels);
  for (int c = 0; c < to.channels; c += lanes) {
    Vec d[Side][Side], v[Coefs][Coefs];
#pragma GCC unroll 36
    for (int i = 0; i < Side * Side; ++i) d[i / Side][i % Side] = load(pixels.at[i] + c);
    transform(d, v, map);
#pragma GCC unroll 36
    for (int i = 0; i < Coefs * Coefs; ++i) store(first + extent(i) * plane + c, v[i / Coefs][i % Coefs]);
  }
}

/// Forward or backward-data, with F(m, 3).
template <class Map> class WinogradSum {
 public:
  static constexpr int side = Map::inputs, m = Map::outputs, coefficients = side * side;

  /// What the algorithm can do, and does not waste half of its work on: tiles may reach outside the image.
  static bool serves(const Conv2dGeometry& g) {
    const TileGrid image{1, g.out_h, g.out_w, g.in_h, g.in_w, g.padding, m};
    return g.kernel == 3 && g.stride == 1 && g.padding <= 2 && std::min(g.in_c, g.out_c) >= 16 &&
           g.in_c % lanes == 0 && g.out_c % lanes == 0 && 2 * g.out_h * g.out_w >= m * m * image.tiles();
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
  void pack(auto& ctx, const float* weight, float* packed) const {
    parallel_for(ctx.threads(), extent(panels(columns)), [&](std::size_t panel, std::size_t) {
      kernel_panel(weight, static_cast<int>(panel), packed + panel * panel_size());
    });
  }

  void run(auto& ctx, const Weights& weights, const float* source, const Epilogue& epilogue,
           float* target) const {
    const auto zeros = ctx.scratch(extent(depth));
    std::fill_n(zeros.data(), depth, 0.0f);
    if (grid.tiles() >= columns)
      own_tiles(ctx, weights, source, zeros.data(), epilogue, target);
    else
      own_columns(ctx, weights, source, zeros.data(), epilogue, target);
  }

  TileGrid grid;
  int depth, columns;
  bool backward;

 private:
  /// Many tiles: the transformed weights are shared, a task makes some tiles of all channels.
  void own_tiles(auto& ctx, const Weights& weights, const float* source, const float* zeros,
                 const Epilogue& epilogue, float* target) const {
    const auto made = ctx.scratch(weights.packed ? 0 : packed_size());
    if (!weights.packed) pack(ctx, weights.raw, made.data());
    const float* kernel = weights.packed ? weights.packed : made.data();
    // A task's u, out and panels of the kernel: what the second cache holds.
    const int all = panels(columns), block = 4 * max_rows, at_once = std::min(all, columns_at_once);
    const int blocks = (grid.tiles() + block - 1) / block;
    const std::size_t u_size = extent(coefficients) * Coefficients::plane(block, depth);
    const std::size_t each =
        u_size + extent(coefficients) * Coefficients::plane(block, at_once * tile_columns);
    const auto scratch = ctx.scratch(each * extent(ctx.threads()));
    parallel_for(ctx.threads(), extent(blocks), [&](std::size_t task, std::size_t worker) {
      const int begin = static_cast<int>(1LL * grid.tiles() * static_cast<int>(task) / blocks);
      const int end = static_cast<int>(1LL * grid.tiles() * static_cast<int>(task + 1) / blocks);
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
  void own_columns(auto& ctx, const Weights& weights, const float* source, const float* zeros,
                   const Epilogue& epilogue, float* target) const {
    const int all = panels(columns), tiles = grid.tiles();
    const int at_once = std::clamp(all / ctx.threads(), 1, columns_at_once);
    const int tasks = (all + at_once - 1) / at_once, block = std::min(tiles, most_tiles);
    const auto shared = ctx.scratch(extent(coefficients) * Coefficients::plane(tiles, depth));
    const Coefficients u{shared.data(), tiles, depth};
    parallel_for(ctx.threads(), extent(tiles), [&](std::size_t t, std::size_t) {
      input(static_cast<int>(t), source, zeros, u, static_cast<int>(t));
    });
    const std::size_t kernel_size = weights.packed ? 0 : extent(at_once) * panel_size();
    const std::size_t each =
        kernel_size + extent(coefficients) * Coefficients::plane(block, at_once * tile_columns);
    const auto scratch = ctx.scratch(each * extent(ctx.threads()));
    parallel_for(ctx.threads(), extent(tasks), [&](std::size_t task, std::size_t worker) {
      float* made = scratch.data() + worker * each;
      const Coefficients out{made + kernel_size, block, at_once * tile_columns};
      const int p = static_cast<int>(task) * at_once, count = std::min(at_once, all - p);
      if (!weights.packed)
        for (int q = 0; q < count; ++q) kernel_panel(weights.raw, p + q, made + extent(q) * panel_size());
      const float* kernel = weights.packed ? weights.packed + extent(p) * panel_size() : made;
      for (int begin = 0; begin < tiles; begin += block) {
        const int some = std::min(block, tiles - begin);
        products(u, begin, some, kernel, count, std::min(columns - p * tile_columns, count * tile_columns),
                 out);
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
    const TilePixels<side> pixels(image, grid.other_h, grid.other_w, depth, top - grid.padding,
                                  left - grid.padding, zeros);
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
          tile_product(walk, rows, a + t, kernel + extent(q) * panel_size() + extent(i, depth, tile_columns),
                       c + t, std::min(width - q * tile_columns, tile_columns));
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

/// Backward-weight, with the adjoint of F(4, 3): blocks of 64 × 64 channels, whose sums stay in the second cache.
class WinogradWeightGradient {
 public:
  using Map = F4<GradientPoints>;
  static constexpr int side = Map::inputs, m = Map::outputs, coefficients = side * side;

  static constexpr int block = 64;  // channels

  explicit WinogradWeightGradient(const Conv2dGeometry& g)
      : g_(g), grid_{g.n, g.out_h, g.out_w, g.in_h, g.in_w, g.padding, m} {}

  void run(auto& ctx, const float* x, const float* dy, float* dweight) const {
    const auto zeros = ctx.scratch(block);
    std::fill_n(zeros.data(), block, 0.0f);
    if (out_blocks_ * in_blocks_ <= 2)
      own_tiles(ctx, x, dy, zeros.data(), dweight);
    else
      own_blocks(ctx, x, dy, zeros.data(), dweight);
  }

 private:
  static constexpr std::size_t sum_size = extent(coefficients, block, block);
  static std::size_t coefficients_size(int tiles) {
    return extent(coefficients) * Coefficients::plane(tiles, block);
  }

  /// Few channels: a task adds up a fixed part of the tiles, a few at a time.
  void own_tiles(auto& ctx, const float* x, const float* dy, const float* zeros, float* dweight) const {
    constexpr int at_once = 32;
    const int blocks = out_blocks_ * in_blocks_, tiles = grid_.tiles();
    const int parts = std::clamp(16 / blocks, 1, (tiles + at_once - 1) / at_once);
    const std::size_t weights = extent(g_.out_c, 9, g_.in_c);
    const auto sums = ctx.scratch(extent(parts) * weights);
    const std::size_t each = 2 * coefficients_size(at_once) + sum_size;
    const auto scratch = ctx.scratch(each * extent(ctx.threads()));
    parallel_for(ctx.threads(), extent(parts, blocks), [&](std::size_t task, std::size_t worker) {
      const int part = static_cast<int>(task) / blocks, in = static_cast<int>(task) % in_blocks_,
                out = static_cast<int>(task) % blocks / in_blocks_;
      const Coefficients u{scratch.data() + worker * each, at_once, in_channels(in)};
      const Coefficients d{u.data + coefficients_size(at_once), at_once, out_channels(out)};
      float* sum = d.data + coefficients_size(at_once);
      const int first = static_cast<int>(1LL * tiles * part / parts),
                last = static_cast<int>(1LL * tiles * (part + 1) / parts);
      for (int begin = first; begin < last; begin += at_once) {
        const int count = std::min(at_once, last - begin);
        for (int t = 0; t < count; ++t) {
          input(begin + t, x, in, zeros, u, t);
          output(begin + t, dy, out, zeros, d, t);
        }
        products(u, d, count, sum, begin == first ? Into::overwrite : Into::add);
      }
      finish(sum, u.channels, d.channels, Into::overwrite,
             sums.data() + extent(part) * weights + extent(out * block, 9, g_.in_c) + in * block);
    });
    parallel_pieces(ctx.threads(), weights, [&](std::size_t begin, std::size_t count) {
      for (int part = 0; part < parts; ++part)
        for (std::size_t i = begin; i < begin + count; ++i)
          dweight[i] += sums.data()[extent(part) * weights + i];
    });
  }

  /// Many channels: the tiles' coefficients are shared, a task owns a block of the weights.
  void own_blocks(auto& ctx, const float* x, const float* dy, const float* zeros, float* dweight) const {
    const int tiles = grid_.tiles(), at_once = std::min(tiles, 128), blocks = out_blocks_ * in_blocks_;
    const bool keep = tiles > at_once;
    const auto shared = ctx.scratch(extent(in_blocks_ + out_blocks_) * coefficients_size(at_once));
    const auto sums = ctx.scratch(sum_size * extent(keep ? blocks : ctx.threads()));
    const auto u = [&](int in) {
      return Coefficients{shared.data() + extent(in) * coefficients_size(at_once), at_once, in_channels(in)};
    };
    const auto d = [&](int out) {
      return Coefficients{shared.data() + extent(in_blocks_ + out) * coefficients_size(at_once), at_once,
                          out_channels(out)};
    };
    for (int begin = 0; begin < tiles; begin += at_once) {
      const int count = std::min(at_once, tiles - begin);
      parallel_for(ctx.threads(), extent(count), [&](std::size_t t, std::size_t) {
        const int tile = begin + static_cast<int>(t);
        for (int in = 0; in < in_blocks_; ++in) input(tile, x, in, zeros, u(in), static_cast<int>(t));
        for (int out = 0; out < out_blocks_; ++out) output(tile, dy, out, zeros, d(out), static_cast<int>(t));
      });
      parallel_for(ctx.threads(), extent(blocks), [&](std::size_t task, std::size_t worker) {
        const int in = static_cast<int>(task) % in_blocks_, out = static_cast<int>(task) / in_blocks_;
        float* sum = sums.data() + sum_size * (keep ? task : worker);
        products(u(in), d(out), count, sum, begin == 0 ? Into::overwrite : Into::add);
        if (begin + count == tiles)
          finish(sum, in_channels(in), out_channels(out), Into::add,
                 dweight + extent(out * block, 9, g_.in_c) + in * block);
      });
    }
  }

  int in_channels(int b) const { return std::min(block, g_.in_c - b * block); }
  int out_channels(int b) const { return std::min(block, g_.out_c - b * block); }

  void input(int tile, const float* x, int b, const float* zeros, const Coefficients& to, int at) const {
    const auto [n, top, left] = grid_.corner(tile);
    const TilePixels<side> pixels(x + extent(n, g_.in_h, g_.in_w, g_.in_c) + b * block, g_.in_h, g_.in_w,
                                  g_.in_c, top - g_.padding, left - g_.padding, zeros);
    transform_tile<side, side>(
        pixels, to, at, [](const Vec* a, Vec* b) __attribute__((always_inline)) { Map::input(a, b); });
  }

  void output(int tile, const float* dy, int b, const float* zeros, const Coefficients& to, int at) const {
    const auto [n, top, left] = grid_.corner(tile);
    const TilePixels<m> pixels(dy + extent(n, g_.out_h, g_.out_w, g_.out_c) + b * block, g_.out_h, g_.out_w,
                               g_.out_c, top, left, zeros);
    transform_tile<m, side>(
        pixels, to, at,
        [](const Vec* a, Vec* b) __attribute__((always_inline)) { Map::output_adjoint(a, b); });
  }

  /// sum (coefficients, d.channels, block) = or += the products of `count` tiles.
  void products(const Coefficients& u, const Coefficients& d, int count, float* sum, Into into) const {
    constexpr int most = 64;  // tiles at a time: both operands stay in the first cache
    const float* a[block];
    float* c[block];
    for (int o = 0; o < d.channels; ++o) a[o] = d.data + o, c[o] = sum + extent(o, block);
    for (int i = 0; i < coefficients; ++i)
      for (int first = 0; first < count; first += most) {
        Walk walk{1, std::min(most, count - first), 0, d.channels, u.channels, d.at(i, first) - d.data};
        for_each_group(d.channels, max_rows, [&](int o, int rows) {
          for (int j = 0; j < u.channels; j += tile_columns) {
            walk.c_first = static_cast<std::ptrdiff_t>(extent(i * d.channels, block)) + j;
            tile_product(walk, rows, a + o, u.at(i, first) + j, c + o, std::min(tile_columns, u.channels - j),
                         first > 0 ? Into::add : into);
          }
        });
      }
  }

  /// dweight (out_c, 3, 3, in_c), the block's corner = Wᵀ sum W
  [[gnu::noinline]] void finish(const float* sum, int in, int out, Into into, float* dweight) const {
    for (int o = 0; o < out; ++o)
      for (int c = 0; c < in; c += lanes) {
        Vec u[side][side], g[3][3];
#pragma GCC unroll 36
        for (int i = 0; i < coefficients; ++i)
          u[i / side][i % side] = load(sum + extent(i * out + o, block) + c);
        transform(
            u, g, [](const Vec* a, Vec* b) __attribute__((always_inline)) { Map::weight_adjoint(a, b); });
#pragma GCC unroll 9
        for (int tap = 0; tap < 9; ++tap) {
          float* to = dweight + extent(o * 9 + tap, g_.in_c) + c;
          store(to, into == Into::add ? load(to) + g[tap / 3][tap % 3] : g[tap / 3][tap % 3]);
        }
      }
  }

  Conv2dGeometry g_;
  TileGrid grid_;
  int out_blocks_ = (g_.out_c + block - 1) / block, in_blocks_ = (g_.in_c + block - 1) / block;
};

}  // namespace resnet::inline RESNET_ISA::cpu
