// SPDX-License-Identifier: MIT
// Sigmoid, SiLU and the scaling of channels: limited by memory once the exponential function takes vectors.
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/simd/exp.hpp>

#include <algorithm>
#include <cstddef>

namespace resnet::inline RESNET_ISA {

struct CpuGating {
  static void sigmoid_forward(auto& ctx, std::size_t n, const float* x, float* y) {
    parallel_map(
        ctx, n, y, [](Vec v) { return cpu::broadcast(1) / growth(v); }, x);
  }
  static void sigmoid_backward(auto& ctx, std::size_t n, const float* y, const float* dy, float* dx) {
    parallel_map(
        ctx, n, dx, [](Vec v, Vec d) { return d * v * (cpu::broadcast(1) - v); }, y, dy);
  }
  static void silu_forward(auto& ctx, std::size_t n, const float* x, float* y) {
    parallel_map(
        ctx, n, y, [](Vec v) { return v / growth(v); }, x);
  }
  static void silu_backward(auto& ctx, std::size_t n, const float* x, const float* dy, float* dx) {
    const auto gradient = [](Vec v, Vec d) {
      const Vec one = cpu::broadcast(1), s = one / growth(v);
      return d * s * cpu::fma(v, one - s, one);
    };
    parallel_map(ctx, n, dx, gradient, x, dy);
  }

  static void scale_channels_forward(auto& ctx, int n, int pixels, int c,
                                     const float* x,  // (n, pixels, c)
                                     const float* s,  // (n, c)
                                     float* y) {      // (n, pixels, c)
    for_each_pixel(ctx, n, pixels, c, [=](std::size_t i, std::size_t gate, std::size_t channels) {
      map(
          channels, y + i, [](Vec v, Vec factor) { return v * factor; }, x + i, s + gate);
    });
  }
  static void scale_channels_backward(auto& ctx, int n, int pixels, int c, const float* x, const float* s,
                                      const float* dy, float* dx, float* ds) {
    std::fill_n(ds, static_cast<std::size_t>(n) * static_cast<std::size_t>(c), 0.0f);
    for_each_pixel(ctx, n, pixels, c, [=](std::size_t i, std::size_t gate, std::size_t channels) {
      map(channels, ds + gate, cpu::fma, x + i, dy + i, ds + gate);
      map(
          channels, dx + i, [](Vec d, Vec factor) { return d * factor; }, dy + i, s + gate);
    });
  }

 private:
  using Vec = cpu::Vec;

  static Vec growth(Vec x) { return cpu::broadcast(1) + cpu::exp(-x); }

  /// to[i] = f(from[i]...), vector by vector.
  static void map(std::size_t n, float* to, auto&& f, const auto*... from) {
    std::size_t i = 0;
    for (; i + cpu::lanes <= n; i += cpu::lanes) cpu::store(to + i, f(cpu::load(from + i)...));
    if (const int rest = static_cast<int>(n - i); rest > 0)
      cpu::store_part(to + i, f(cpu::load_part(from + i, rest)...), rest);
  }
  static void parallel_map(auto& ctx, std::size_t n, float* to, auto&& f, const auto*... from) {
    cpu::parallel_pieces(ctx.threads(), n, [=](std::size_t begin, std::size_t count) {
      map(count, to + begin, f, (from + begin)...);
    });
  }

  /// f(the pixel's first element, its image's first gate, channels); an image is one task.
  static void for_each_pixel(auto& ctx, int n, int pixels, int c, auto&& f) {
    const auto channels = static_cast<std::size_t>(c), size = static_cast<std::size_t>(pixels) * channels;
    cpu::parallel_for(ctx.threads(), static_cast<std::size_t>(n), [&](std::size_t image, std::size_t) {
      for (std::size_t i = image * size; i < (image + 1) * size; i += channels)
        f(i, image * channels, channels);
    });
  }
};

}  // namespace resnet::inline RESNET_ISA
