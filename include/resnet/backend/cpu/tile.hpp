// SPDX-License-Identifier: MIT
// The inner loop of every convolution: a tile of a matrix product whose sums stay in registers.
//   c[row][j] = Σ_k a[row][k] · b[k][j]      j < tile_columns, row < rows <= max_rows
// The columns are vectors of b, the rows broadcast scalars of a. A tile of 6 × 4 vectors (AVX-512, NEON) or
// 6 × 2 (AVX2) reaches 95–100 % of the multiply-add peak as long as b's panel comes from the first or second
// cache. Other shapes do so too where the core is ours alone; the squarest one loads least, and keeps a third
// more of its speed when a neighbour uses the same core's caches.
#pragma once

#include <resnet/backend/cpu/simd/vec.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace resnet::inline RESNET_ISA::cpu {

inline constexpr int tile_vectors = registers == 32 ? 4 : 2;
inline constexpr int tile_columns = tile_vectors * lanes;
inline constexpr int max_rows = 6;

constexpr int panels(int columns) { return (columns + tile_columns - 1) / tile_columns; }

/// How a tile's sum over k walks through memory: `runs` runs of `length` steps.
struct Walk {
  int runs, length;
  std::ptrdiff_t a_run = 0;                 // from one run to the next in a
  std::ptrdiff_t a_step = 1;                // from one step to the next in a
  std::ptrdiff_t b_step = tile_columns;     // from one step to the next in b; b's runs follow one another
  std::ptrdiff_t a_first = 0, c_first = 0;  // added to the rows' pointers, so that these serve many products
};

/// `add` adds the whole sum to c, `extend` begins it with c: cut along k, it is the same bits as uncut. `stream` goes
/// past the caches, and needs rows of c aligned to the vector.
enum class Into { overwrite, add, extend, stream };

template <int Rows, int Vecs>
[[gnu::noinline]] void tile_product(const Walk& walk, const float* const* a, const float* b, float* const* c,
                                    Into into) {
  Vec sum[Rows][Vecs];
  const float* row[Rows];
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r) {
    row[r] = a[r] + walk.a_first;
#pragma GCC unroll 4
    for (int v = 0; v < Vecs; ++v) sum[r][v] = into == Into::extend ? load(c[r] + walk.c_first + v * lanes) : Vec{};
  }
#pragma GCC unroll 1
  for (int run = 0; run < walk.runs; ++run) {
    std::ptrdiff_t at = 0;
#pragma GCC unroll 2  // fewer instructions: they, not the multiplications, are short where a core is shared
    for (int k = 0; k < walk.length; ++k, at += walk.a_step, b += walk.b_step) {
      Vec column[Vecs];
#pragma GCC unroll 4
      for (int v = 0; v < Vecs; ++v) {
        column[v] = load(b + v * lanes);
        pin(column[v]);
      }
#pragma GCC unroll 6
      for (int r = 0; r < Rows; ++r) {
        const Vec x = broadcast(row[r][at]);
#pragma GCC unroll 4
        for (int v = 0; v < Vecs; ++v) sum[r][v] = fma(x, column[v], sum[r][v]);
      }
    }
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r) row[r] += walk.a_run;
  }
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < Vecs; ++v) {
      float* to = c[r] + walk.c_first + v * lanes;
      if (into == Into::stream)
        stream(to, sum[r][v]);
      else
        store(to, into == Into::add ? load(to) + sum[r][v] : sum[r][v]);
    }
}

/// The tile of `rows` rows and `columns` <= tile_columns columns; b has room for tile_columns.
inline void tile_product(const Walk& walk, int rows, const float* const* a, const float* b, float* const* c,
                         int columns, Into into = Into::overwrite) {
  using Function = void (*)(const Walk&, const float* const*, const float*, float* const*, Into);
  using Table = std::array<std::array<Function, max_rows>, tile_vectors>;
  static constexpr Table table = []<int... V>(std::integer_sequence<int, V...>) {
    constexpr auto of_width = []<int Vecs, int... R>(std::integer_sequence<int, R...>) {
      return std::array<Function, max_rows>{&tile_product<R + 1, Vecs>...};
    };
    return Table{of_width.template operator()<V + 1>(std::make_integer_sequence<int, max_rows>{})...};
  }
  (std::make_integer_sequence<int, tile_vectors>{});
  table[static_cast<std::size_t>((columns - 1) / lanes)][static_cast<std::size_t>(rows - 1)](walk, a, b, c, into);
}

/// Cuts [0, n) into groups of almost equal size, at most `most` each: f(begin, count). No short last group:
/// a tile of one row would run at a fraction of the speed.
template <class F>
void for_each_group(int n, int most, F&& f) {
  const int groups = (n + most - 1) / most;
  for (int i = 0; i < groups; ++i) {
    const auto [begin, end] = part_of(n, i, groups);
    f(begin, end - begin);
  }
}

}  // namespace resnet::inline RESNET_ISA::cpu
