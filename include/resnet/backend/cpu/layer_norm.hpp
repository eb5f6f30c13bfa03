// SPDX-License-Identifier: MIT
// Layer normalisation, a row at a time while it is in the first cache. The parameters' gradients are taken in float over
// fixed pieces of 256 rows, and merged in double in a fixed order.
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/simd/map.hpp>
#include <resnet/backend/cpu/work.hpp>
#include <resnet/op/layer_norm.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace resnet::inline RESNET_ISA {

struct CpuLayerNorm {
  static void run(CpuWork& work, const op::LayerNorm<float, float>& o) {
    const auto channels = static_cast<std::size_t>(o.channels);
    for_each_piece(work, o.rows, [&](std::size_t, std::size_t row) {
      const float* x = o.x.data + row * channels;
      const auto mean = static_cast<float>(sum(
                                               channels, [](Vec v) { return v; }, x) /
                                           o.channels);
      const Vec m = cpu::broadcast(mean);
      const double squares = sum(
          channels, [m](Vec v) { return (v - m) * (v - m); }, x);
      const auto inv_std = static_cast<float>(1 / std::sqrt(squares / o.channels + o.eps));
      if (o.mean) o.mean.data[row] = mean;
      if (o.inv_std) o.inv_std.data[row] = inv_std;
      const Vec factor = cpu::broadcast(inv_std);
      const auto normalize = [=](Vec v, Vec weight, Vec bias) { return cpu::fma(weight, (v - m) * factor, bias); };
      cpu::map(channels, o.y.data + row * channels, normalize, x, o.weight.data, o.bias.data);
    });
  }

  static void run(CpuWork& work, const op::LayerNormBackward<float, float>& o) {
    const auto channels = static_cast<std::size_t>(o.channels);
    const std::size_t count = pieces(o.rows);
    const auto partials = work.scratch(count * channels * 2);  // per piece: dweight, dbias
    std::fill_n(partials.data(), count * channels * 2, 0.0f);
    for_each_piece(work, o.rows, [&](std::size_t piece, std::size_t row) {
      const float *x = o.x.data + row * channels, *dy = o.dy.data + row * channels;
      const Vec mean = cpu::broadcast(o.mean.data[row]), inv_std = cpu::broadcast(o.inv_std.data[row]);
      const auto xhat = [=](Vec v) { return (v - mean) * inv_std; };
      const double g = sum(
                       channels, [](Vec d, Vec weight) { return d * weight; }, dy, o.weight.data),
                   g_xhat = sum(
                       channels, [=](Vec d, Vec weight, Vec v) { return d * weight * xhat(v); }, dy, o.weight.data, x);
      float* dweight = partials.data() + piece * channels * 2;
      float* dbias = dweight + channels;
      cpu::map(
          channels, dweight, [=](Vec to, Vec d, Vec v) { return cpu::fma(d, xhat(v), to); }, dweight, dy, x);
      cpu::map(
          channels, dbias, [](Vec to, Vec d) { return to + d; }, dbias, dy);
      const Vec shift = cpu::broadcast(static_cast<float>(g / o.channels)),
                slope = cpu::broadcast(static_cast<float>(g_xhat / o.channels));
      const auto gradient = [=](Vec d, Vec weight, Vec v) { return inv_std * (d * weight - shift - xhat(v) * slope); };
      cpu::map(channels, o.dx.data + row * channels, gradient, dy, o.weight.data, x);
    });
    for (std::size_t c = 0; c < channels; ++c) {
      double dweight = 0, dbias = 0;
      for (std::size_t piece = 0; piece < count; ++piece) {
        dweight += partials.data()[piece * channels * 2 + c];
        dbias += partials.data()[piece * channels * 2 + channels + c];
      }
      o.dweight.data[c] += static_cast<float>(dweight);
      o.dbias.data[c] += static_cast<float>(dbias);
    }
  }

 private:
  using Vec = cpu::Vec;
  static constexpr std::size_t piece_rows = 256;

  static std::size_t pieces(int rows) { return (static_cast<std::size_t>(rows) + piece_rows - 1) / piece_rows; }
  /// f(piece, row) for each row; a piece is a task.
  static void for_each_piece(CpuWork& work, int rows, auto&& f) {
    cpu::parallel_for(work.threads(), pieces(rows), [&](std::size_t piece, std::size_t) {
      const std::size_t end = std::min(static_cast<std::size_t>(rows), (piece + 1) * piece_rows);
      for (std::size_t row = piece * piece_rows; row < end; ++row) f(piece, row);
    });
  }
  /// Σ f(from[i]...), in float by lanes.
  static double sum(std::size_t n, auto&& f, const auto*... from) {
    Vec total{};
    std::size_t i = 0;
    for (; i + cpu::lanes <= n; i += cpu::lanes) total = total + f(cpu::load(from + i)...);
    float lanes[cpu::lanes];
    cpu::store(lanes, total);
    double result = 0;
    for (const float lane : lanes) result += lane;
    if (const int rest = static_cast<int>(n - i); rest > 0) {
      cpu::store(lanes, f(cpu::load_part(from + i, rest)...));
      for (int lane = 0; lane < rest; ++lane) result += lanes[lane];
    }
    return result;
  }
};

}  // namespace resnet::inline RESNET_ISA
