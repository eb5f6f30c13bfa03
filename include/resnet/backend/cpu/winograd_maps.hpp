// SPDX-License-Identifier: MIT
// The one-dimensional transforms of Winograd's minimal filtering (Winograd 1980; Lavin & Gray 2015, arXiv
// 1509.09308): m outputs of a 3-tap filter from m + 2 inputs with m + 2 multiplications,
//   y = output(weight(g) · input(d))
// Points 0, ±a, ±b and infinity instead of the usual 0, ±1, ±2 cost nothing and halve the rounding error
// (Barabasz et al. 2018, arXiv 1803.10986). The `_adjoint`s are the transposed maps, for the weights'
// gradient.
#pragma once

#include <resnet/backend/cpu/simd/vec.hpp>

namespace resnet::inline RESNET_ISA::cpu {

/// Interpolation points besides 0 and ∞: ±a, ±b. (Types, because clang 14 takes no floating template
/// arguments.)
struct SmallErrorPoints {
  static constexpr float a = 0.75f, b = 1.5f;
};
/// For sums over many tiles.
struct GradientPoints {
  static constexpr float a = 0.70710678f, b = 1.41421356f;
};

/// F(4, 3).
template <class Points>
struct F4 {
  static constexpr int outputs = 4, inputs = 6;
  static constexpr float a = Points::a, b = Points::b, aa = a * a, bb = b * b;
  static constexpr float n0 = 1 / (aa * bb), na = 1 / (2 * aa * (aa - bb)), nb = 1 / (2 * bb * (bb - aa));

  [[gnu::always_inline]] static void input(const Vec* d, Vec* u) {
    const Vec even_a = fma(broadcast(-bb), d[2], d[4]), odd_a = broadcast(a) * fma(broadcast(-bb), d[1], d[3]);
    const Vec even_b = fma(broadcast(-aa), d[2], d[4]), odd_b = broadcast(b) * fma(broadcast(-aa), d[1], d[3]);
    u[0] = fma(broadcast(aa * bb), d[0], fma(broadcast(-aa - bb), d[2], d[4]));
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    u[3] = even_b + odd_b;
    u[4] = even_b - odd_b;
    u[5] = fma(broadcast(aa * bb), d[1], fma(broadcast(-aa - bb), d[3], d[5]));
  }
  [[gnu::always_inline]] static void weight(const Vec* g, Vec* u) {
    const Vec even_a = broadcast(na) * fma(broadcast(aa), g[2], g[0]), odd_a = broadcast(na * a) * g[1];
    const Vec even_b = broadcast(nb) * fma(broadcast(bb), g[2], g[0]), odd_b = broadcast(nb * b) * g[1];
    u[0] = broadcast(n0) * g[0];
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    u[3] = even_b + odd_b;
    u[4] = even_b - odd_b;
    u[5] = g[2];
  }
  [[gnu::always_inline]] static void output(const Vec* m, Vec* y) {
    const Vec sum_a = m[1] + m[2], sum_b = m[3] + m[4], diff_a = m[1] - m[2], diff_b = m[3] - m[4];
    y[0] = m[0] + sum_a + sum_b;
    y[1] = fma(broadcast(a), diff_a, broadcast(b) * diff_b);
    y[2] = fma(broadcast(aa), sum_a, broadcast(bb) * sum_b);
    y[3] = fma(broadcast(aa * a), diff_a, fma(broadcast(bb * b), diff_b, m[5]));
  }
  [[gnu::always_inline]] static void output_adjoint(const Vec* y, Vec* m) {
    const Vec even_a = fma(broadcast(aa), y[2], y[0]), odd_a = fma(broadcast(aa * a), y[3], broadcast(a) * y[1]);
    const Vec even_b = fma(broadcast(bb), y[2], y[0]), odd_b = fma(broadcast(bb * b), y[3], broadcast(b) * y[1]);
    m[0] = y[0];
    m[1] = even_a + odd_a;
    m[2] = even_a - odd_a;
    m[3] = even_b + odd_b;
    m[4] = even_b - odd_b;
    m[5] = y[3];
  }
  [[gnu::always_inline]] static void weight_adjoint(const Vec* u, Vec* g) {
    const Vec sum_a = broadcast(na) * (u[1] + u[2]), sum_b = broadcast(nb) * (u[3] + u[4]);
    g[0] = fma(broadcast(n0), u[0], sum_a + sum_b);
    g[1] = fma(broadcast(na * a), u[1] - u[2], broadcast(nb * b) * (u[3] - u[4]));
    g[2] = fma(broadcast(aa), sum_a, fma(broadcast(bb), sum_b, u[5]));
  }
};

/// F(2, 3), points 0, ±1, ∞: fewer wasted outputs on small batches of small images.
struct F2 {
  static constexpr int outputs = 2, inputs = 4;

  [[gnu::always_inline]] static void input(const Vec* d, Vec* u) {
    u[0] = d[0] - d[2];
    u[1] = d[1] + d[2];
    u[2] = d[2] - d[1];
    u[3] = d[3] - d[1];
  }
  [[gnu::always_inline]] static void weight(const Vec* g, Vec* u) {
    const Vec even = broadcast(0.5f) * (g[0] + g[2]), odd = broadcast(0.5f) * g[1];
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = g[2];
  }
  [[gnu::always_inline]] static void output(const Vec* m, Vec* y) {
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] + m[3];
  }
};

/// The two-dimensional transform: `map` along columns, then along rows; n × n to m × m.
template <int N, int M, class Map>
[[gnu::always_inline]] inline void transform(const Vec (&from)[N][N], Vec (&to)[M][M], Map map) {
  Vec half[M][N];
#pragma GCC unroll 6
  for (int j = 0; j < N; ++j) {
    Vec column[N], result[M];
#pragma GCC unroll 6
    for (int i = 0; i < N; ++i) column[i] = from[i][j];
    map(column, result);
#pragma GCC unroll 6
    for (int i = 0; i < M; ++i) half[i][j] = result[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < M; ++i) map(half[i], to[i]);
}

}  // namespace resnet::inline RESNET_ISA::cpu
