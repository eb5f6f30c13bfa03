// SPDX-License-Identifier: MIT
// Winograd's tiles: where they are in the images, and where their coefficients are in memory.
#pragma once

#include <resnet/backend/cpu/tile.hpp>
#include <resnet/backend/cpu/winograd_maps.hpp>

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
template <int Side>
struct TilePixels {
  const float* at[Side * Side];
  [[gnu::always_inline]] TilePixels(const float* image, int h, int w, int c, int top, int left, const float* outside) {
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
[[gnu::noinline]] void transform_tile(const TilePixels<Side>& pixels, const Coefficients& to, int tile, Map map) {
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

}  // namespace resnet::inline RESNET_ISA::cpu
