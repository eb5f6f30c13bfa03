// SPDX-License-Identifier: MIT
// The weights' gradient of a 3×3 convolution of stride 1, by the adjoint of Winograd's minimal filtering:
//   dg = Wᵀ [ Σ over tiles (O dy Oᵀ) ⊙ (I d Iᵀ) ] W
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/winograd_tiles.hpp>
#include <resnet/backend/cpu/work.hpp>
#include <resnet/op/conv2d.hpp>

#include <algorithm>
#include <cstddef>

namespace resnet::inline RESNET_ISA::cpu {

/// Backward-weight, with the adjoint of F(4, 3): blocks of 64 × 64 channels, whose sums stay in the second
/// cache.
class WinogradWeightGradient {
 public:
  using Map = F4<GradientPoints>;
  static constexpr int side = Map::inputs, m = Map::outputs, coefficients = side * side;

  static constexpr int block = 64;  // channels

  explicit WinogradWeightGradient(const Conv2dGeometry& g)
      : g_(g), grid_{g.n, g.out_h, g.out_w, g.in_h, g.in_w, g.padding, m} {}

  void run(CpuWork& work, const float* x, const float* dy, float* dweight) const {
    const auto zeros = work.scratch(block);
    std::fill_n(zeros.data(), block, 0.0f);
    if (out_blocks_ * in_blocks_ <= 2)
      own_tiles(work, x, dy, zeros.data(), dweight);
    else
      own_blocks(work, x, dy, zeros.data(), dweight);
  }

 private:
  static constexpr std::size_t sum_size = extent(coefficients, block, block);
  static std::size_t coefficients_size(int tiles) { return extent(coefficients) * Coefficients::plane(tiles, block); }

  /// Few channels: a task adds up a fixed part of the tiles, a few at a time.
  void own_tiles(CpuWork& work, const float* x, const float* dy, const float* zeros, float* dweight) const {
    constexpr int at_once = 32;
    const int blocks = out_blocks_ * in_blocks_, tiles = grid_.tiles();
    const int parts = std::clamp(16 / blocks, 1, (tiles + at_once - 1) / at_once);
    const std::size_t weights = extent(g_.out_c, 9, g_.in_c);
    const auto sums = work.scratch(extent(parts) * weights);
    const std::size_t each = 2 * coefficients_size(at_once) + sum_size;
    const auto scratch = work.scratch(each * extent(work.threads()));
    parallel_for(work.threads(), extent(parts, blocks), [&](std::size_t task, std::size_t worker) {
      const int part = static_cast<int>(task) / blocks, in = static_cast<int>(task) % in_blocks_,
                out = static_cast<int>(task) % blocks / in_blocks_;
      const Coefficients u{scratch.data() + worker * each, at_once, in_channels(in)};
      const Coefficients d{u.data + coefficients_size(at_once), at_once, out_channels(out)};
      float* sum = d.data + coefficients_size(at_once);
      const auto [first, last] = part_of(tiles, part, parts);
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
    parallel_pieces(work.threads(), weights, [&](std::size_t begin, std::size_t count) {
      for (int part = 0; part < parts; ++part)
        for (std::size_t i = begin; i < begin + count; ++i) dweight[i] += sums.data()[extent(part) * weights + i];
    });
  }

  /// Many channels: the tiles' coefficients are shared, a task owns a block of the weights.
  void own_blocks(CpuWork& work, const float* x, const float* dy, const float* zeros, float* dweight) const {
    const int tiles = grid_.tiles(), at_once = std::min(tiles, 128), blocks = out_blocks_ * in_blocks_;
    const bool keep = tiles > at_once;
    const auto shared = work.scratch(extent(in_blocks_ + out_blocks_) * coefficients_size(at_once));
    const auto sums = work.scratch(sum_size * extent(keep ? blocks : work.threads()));
    const auto u = [&](int in) {
      return Coefficients{shared.data() + extent(in) * coefficients_size(at_once), at_once, in_channels(in)};
    };
    const auto d = [&](int out) {
      return Coefficients{shared.data() + extent(in_blocks_ + out) * coefficients_size(at_once), at_once,
                          out_channels(out)};
    };
    for (int begin = 0; begin < tiles; begin += at_once) {
      const int count = std::min(at_once, tiles - begin);
      parallel_for(work.threads(), extent(count), [&](std::size_t t, std::size_t) {
        const int tile = begin + static_cast<int>(t);
        for (int in = 0; in < in_blocks_; ++in) input(tile, x, in, zeros, u(in), static_cast<int>(t));
        for (int out = 0; out < out_blocks_; ++out) output(tile, dy, out, zeros, d(out), static_cast<int>(t));
      });
      parallel_for(work.threads(), extent(blocks), [&](std::size_t task, std::size_t worker) {
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
    const TilePixels<side> pixels(x + extent(n, g_.in_h, g_.in_w, g_.in_c) + b * block, g_.in_h, g_.in_w, g_.in_c,
                                  top - g_.padding, left - g_.padding, zeros);
    transform_tile<side, side>(
        pixels, to, at, [](const Vec* a, Vec* b) __attribute__((always_inline)) { Map::input(a, b); });
  }

  void output(int tile, const float* dy, int b, const float* zeros, const Coefficients& to, int at) const {
    const auto [n, top, left] = grid_.corner(tile);
    const TilePixels<m> pixels(dy + extent(n, g_.out_h, g_.out_w, g_.out_c) + b * block, g_.out_h, g_.out_w, g_.out_c,
                               top, left, zeros);
    transform_tile<m, side>(
        pixels, to, at, [](const Vec* a, Vec* b) __attribute__((always_inline)) { Map::output_adjoint(a, b); });
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
        for (int i = 0; i < coefficients; ++i) u[i / side][i % side] = load(sum + extent(i * out + o, block) + c);
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
