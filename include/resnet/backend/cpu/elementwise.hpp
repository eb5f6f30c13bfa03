// SPDX-License-Identifier: MIT
// The reference's loops on pieces, in parallel: these operations are limited by memory, not arithmetic.
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/ref/elementwise.hpp>
#include <resnet/backend/ref/fill.hpp>
#include <resnet/backend/ref/optimizer.hpp>

namespace resnet::inline RESNET_ISA {

struct CpuElementwise {
  static void add(auto& ctx, std::size_t n, const float* a, const float* b, float* y) {
    cpu::parallel_pieces(ctx.threads(), n, [=, &ctx](std::size_t i, std::size_t count) {
      RefElementwise<float>::add(ctx, count, a + i, b + i, y + i);
    });
  }
  static void relu_forward(auto& ctx, std::size_t n, const float* x, float* y) {
    cpu::parallel_pieces(ctx.threads(), n, [=, &ctx](std::size_t i, std::size_t count) {
      RefElementwise<float>::relu_forward(ctx, count, x + i, y + i);
    });
  }
  static void relu_backward(auto& ctx, std::size_t n, const float* y, const float* dy, float* dx) {
    cpu::parallel_pieces(ctx.threads(), n, [=, &ctx](std::size_t i, std::size_t count) {
      RefElementwise<float>::relu_backward(ctx, count, y + i, dy + i, dx + i);
    });
  }
  static void dropout(auto& ctx, std::size_t n, double p, Stream stream, const float* x, float* y) {
    cpu::parallel_pieces(ctx.threads(), n, [=](std::size_t begin, std::size_t count) {
      for (std::size_t i = begin; i < begin + count; ++i)
        y[i] = x[i] * static_cast<float>(dropout_factor(p, stream, i));
    });
  }
  static void drop_path(auto& ctx, int n, std::size_t size, double p, Stream stream, const float* x, float* y) {
    cpu::parallel_for(ctx.threads(), static_cast<std::size_t>(n), [=](std::size_t image, std::size_t) {
      const float factor = static_cast<float>(dropout_factor(p, stream, image));
      for (std::size_t i = image * size; i < (image + 1) * size; ++i) y[i] = x[i] * factor;
    });
  }
  static void concat_channels(auto& ctx, int rows, int a_channels, const float* a, int b_channels, const float* b,
                              float* y) {
    parallel_rows(ctx, rows, [=](std::size_t row) {
      const auto na = static_cast<std::size_t>(a_channels), nb = static_cast<std::size_t>(b_channels);
      float* to = y + row * (na + nb);
      to = a ? std::copy_n(a + row * na, na, to) : std::fill_n(to, na, 0.0f);
      b ? std::copy_n(b + row * nb, nb, to) : std::fill_n(to, nb, 0.0f);
    });
  }
  static void slice_channels(auto& ctx, int rows, int x_channels, const float* x, int first, int y_channels, float* y) {
    parallel_rows(ctx, rows, [=](std::size_t row) {
      const auto nx = static_cast<std::size_t>(x_channels), ny = static_cast<std::size_t>(y_channels);
      std::copy_n(x + row * nx + first, ny, y + row * ny);
    });
  }
  /// A task writes up to 16 rows of y: what it reads of a row of x is a cache line.
  static void transpose(auto& ctx, int n, int rows, int columns, const float* x, float* y) {
    const auto height = static_cast<std::size_t>(rows), width = static_cast<std::size_t>(columns);
    const std::size_t bands = (width + 15) / 16;
    cpu::parallel_for(ctx.threads(), static_cast<std::size_t>(n) * bands, [=](std::size_t task, std::size_t) {
      const std::size_t image = task / bands * height * width, first = task % bands * 16;
      for (std::size_t row = 0; row < height; ++row)
        for (std::size_t column = first; column < std::min(width, first + 16); ++column)
          y[image + column * height + row] = x[image + row * width + column];
    });
  }
  static void scale(auto& ctx, std::size_t n, double factor, float* y) {
    cpu::parallel_pieces(ctx.threads(), n, [=, &ctx](std::size_t i, std::size_t count) {
      RefElementwise<float>::scale(ctx, count, factor, y + i);
    });
  }
  static void clamp(auto& ctx, std::size_t n, double low, double high, float* y) {
    cpu::parallel_pieces(ctx.threads(), n, [=, &ctx](std::size_t i, std::size_t count) {
      RefElementwise<float>::clamp(ctx, count, low, high, y + i);
    });
  }
  static void lerp(auto& ctx, std::size_t n, double t, const float* x, float* y) {
    cpu::parallel_pieces(ctx.threads(), n, [=, &ctx](std::size_t i, std::size_t count) {
      RefElementwise<float>::lerp(ctx, count, t, x + i, y + i);
    });
  }
  static void fill_normal(auto& ctx, std::size_t n, Stream stream, double std, float* y) {
    cpu::parallel_pieces(ctx.threads(), n, [=](std::size_t begin, std::size_t count) {
      for (std::size_t i = begin; i < begin + count; ++i) y[i] = static_cast<float>(std * normal_at(stream, i));
    });
  }
  static void fill_uniform(auto& ctx, std::size_t n, Stream stream, double low, double high, float* y) {
    cpu::parallel_pieces(ctx.threads(), n, [=](std::size_t begin, std::size_t count) {
      for (std::size_t i = begin; i < begin + count; ++i)
        y[i] = static_cast<float>(low + (high - low) * uniform_at(stream, i));
    });
  }

 private:
  /// Calls f(row) for each row, 64 in a task.
  static void parallel_rows(auto& ctx, int rows, auto&& f) {
    const auto count = static_cast<std::size_t>(rows);
    cpu::parallel_for(ctx.threads(), (count + 63) / 64, [&](std::size_t task, std::size_t) {
      for (std::size_t row = task * 64; row < std::min(count, task * 64 + 64); ++row) f(row);
    });
  }
};

struct CpuOptimizer {
  static void sgd_step(auto& ctx, std::size_t n, const SgdStep& s, const float* gradient, float* velocity, float* w) {
    cpu::parallel_pieces(ctx.threads(), n, [=, &ctx](std::size_t i, std::size_t count) {
      RefOptimizer<float>::sgd_step(ctx, count, s, gradient + i, velocity + i, w + i);
    });
  }
  static void adam_step(auto& ctx, std::size_t n, const AdamStep& s, const float* gradient, float* mean,
                        float* square, float* w) {
    cpu::parallel_pieces(ctx.threads(), n, [=, &ctx](std::size_t i, std::size_t count) {
      RefOptimizer<float>::adam_step(ctx, count, s, gradient + i, mean + i, square + i, w + i);
    });
  }
  static void rmsprop_step(auto& ctx, std::size_t n, const RmsPropStep& s, const float* gradient, float* square,
                           float* velocity, float* w) {
    cpu::parallel_pieces(ctx.threads(), n, [=, &ctx](std::size_t i, std::size_t count) {
      RefOptimizer<float>::rmsprop_step(ctx, count, s, gradient + i, square + i, velocity + i, w + i);
    });
  }
  /// Eight running sums, so that the additions overlap; in one thread, since parameters are small.
  static double sum_of_squares(auto&, std::size_t n, const float* x) {
    double sums[8] = {};
    for (std::size_t i = 0; i < n; ++i) sums[i % 8] += double{x[i]} * double{x[i]};
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }
};

}  // namespace resnet::inline RESNET_ISA
