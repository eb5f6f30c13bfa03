// SPDX-License-Identifier: MIT
// Batch normalisation in two sweeps over x: statistics, then the result, with what follows it. Statistics of
// fixed pieces of 256 rows are taken in float while the piece is in the cache, and merged in double in a
// fixed order (Chan et al. 1979), so nothing cancels and nothing depends on the number of threads.
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/core/backend.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

// The next loop's steps don't depend on each other, though results may go where operands were.
#ifdef __clang__
#define RESNET_IVDEP _Pragma("clang loop vectorize(assume_safety)")
#else
#define RESNET_IVDEP _Pragma("GCC ivdep")
#endif

namespace resnet::inline RESNET_ISA {

struct CpuBatchNorm {
  static void batch_norm_forward(auto& ctx, BatchNormGeometry g, double eps, double momentum,
                                 const float* x,                          // (rows, c)
                                 const float* weight, const float* bias,  // (c), as are all below but y
                                 float* running_mean, float* running_var, const float* skip, bool relu,
                                 float* y,  // (rows, c); skip may be null
                                 float* mean, float* inv_std) {
    const Pieces pieces(g);
    if (g.statistics == Statistics::running) {
      std::copy_n(running_mean, pieces.c, mean);
      invert(pieces, eps, running_var, inv_std);
    } else {
      take_statistics(ctx, pieces, eps, momentum, x, running_mean, running_var, mean, inv_std);
    }
    normalise(ctx, pieces, x, weight, bias, mean, inv_std, skip, relu, y);
  }

  static void batch_norm_infer(auto& ctx, BatchNormGeometry g, double eps, const float* x,
                               const float* weight, const float* bias, const float* running_mean,
                               const float* running_var, const float* skip, bool relu, float* y) {
    const Pieces pieces(g);
    const auto inv_std = ctx.scratch(pieces.c);
    invert(pieces, eps, running_var, inv_std.data());
    normalise(ctx, pieces, x, weight, bias, running_mean, inv_std.data(), skip, relu, y);
  }

  static void batch_norm_backward(auto& ctx, BatchNormGeometry g, const float* x, const float* weight,
                                  const float* bias, const float* mean, const float* inv_std, const float* y,
                                  bool relu, const float* dy, float* dskip, float* dx, float* dweight,
                                  float* dbias) {
    const Pieces pieces(g);
    const auto partials = ctx.scratch(pieces.count * pieces.c * 2);  // per piece: Σ dy, Σ dy·(x - mean)
    const auto slopes = ctx.scratch(pieces.c);
    for (std::size_t c = 0; c < pieces.c; ++c) slopes.data()[c] = weight[c] * inv_std[c];
    const float* gain = slopes.data();
    /// f(i, c, the gradient of the normalised value) for the rows of a piece
    const auto for_each = [=, n = pieces.c](std::size_t row, std::size_t rows, auto&& f) {
      const auto sweep = [&](auto&& gradient) {
        for (std::size_t r = row; r < row + rows; ++r) {
          RESNET_IVDEP
          for (std::size_t c = 0; c < n; ++c) f(r * n + c, c, gradient(r * n + c, c));
        }
      };
      if (!relu)
        sweep([=](std::size_t i, std::size_t) { return dy[i]; });
      else if (y)
        sweep([=](std::size_t i, std::size_t) { return y[i] > 0 ? dy[i] : 0; });
      else
        sweep([=](std::size_t i, std::size_t c) {
          return gain[c] * (x[i] - mean[c]) + bias[c] > 0 ? dy[i] : 0;
        });
    };
    pieces.for_each(ctx, [&](std::size_t piece, std::size_t row, std::size_t rows) {
      float* sum_dy = partials.data() + piece * pieces.c * 2;
      float* sum_dy_d = sum_dy + pieces.c;
      std::fill_n(sum_dy, 2 * pieces.c, 0.0f);
      const auto add = [=](std::size_t i, std::size_t c, float d) {
        sum_dy[c] += d;
        sum_dy_d[c] += d * (x[i] - mean[c]);
      };
      if (dskip)
        for_each(row, rows, [=](std::size_t i, std::size_t c, float d) { add(i, c, dskip[i] = d); });
      else
        for_each(row, rows, add);
    });
    // dx = scale·dy - shift - slope·(x - mean)
    const auto coefficients = ctx.scratch(pieces.c * 3);
    float* scale = coefficients.data();
    float* shift = scale + pieces.c;
    float* slope = shift + pieces.c;
    // The share of a row in mean and variance: none in constants.
    const double rows = g.statistics == Statistics::batch ? g.rows : std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < pieces.c; ++c) {
      double sum_dy = 0, sum_dy_d = 0;
      for (std::size_t piece = 0; piece < pieces.count; ++piece) {
        sum_dy += partials.data()[piece * pieces.c * 2 + c];
        sum_dy_d += partials.data()[piece * pieces.c * 2 + pieces.c + c];
      }
      const double inv = inv_std[c];
      dbias[c] += static_cast<float>(sum_dy);
      dweight[c] += static_cast<float>(sum_dy_d * inv);
      scale[c] = static_cast<float>(weight[c] * inv);
      shift[c] = static_cast<float>(weight[c] * inv * sum_dy / rows);
      slope[c] = static_cast<float>(weight[c] * inv * inv * inv * sum_dy_d / rows);
    }
    pieces.for_each(ctx, [&](std::size_t, std::size_t row, std::size_t rows) {
      const auto write = [=](std::size_t i, std::size_t c, float d) {
        dx[i] = scale[c] * d - shift[c] - slope[c] * (x[i] - mean[c]);
      };
      if (dskip)  // the masked gradient is there by now
        for (std::size_t r = row; r < row + rows; ++r) {
          RESNET_IVDEP
          for (std::size_t c = 0; c < pieces.c; ++c) write(r * pieces.c + c, c, dskip[r * pieces.c + c]);
        }
      else
        for_each(row, rows, write);
    });
  }

 private:
  struct Pieces {
    static constexpr std::size_t piece_rows = 256;
    std::size_t rows, c, count;
    explicit Pieces(BatchNormGeometry g)
        : rows(static_cast<std::size_t>(g.rows)),
          c(static_cast<std::size_t>(g.c)),
          count((rows + piece_rows - 1) / piece_rows) {}
    std::size_t rows_of(std::size_t piece) const { return std::min(piece_rows, rows - piece * piece_rows); }
    /// f(piece, first row, rows)
    void for_each(auto& ctx, auto&& f) const {
      cpu::parallel_for(ctx.threads(), count, [&](std::size_t piece, std::size_t) {
        f(piece, piece * piece_rows, rows_of(piece));
      });
    }
  };

  /// Mean and 1 / std of the batch, and the running ones moved towards them.
  static void take_statistics(auto& ctx, const Pieces& pieces, double eps, double momentum, const float* x,
                              float* running_mean, float* running_var, float* mean, float* inv_std) {
    const auto partials =
        ctx.scratch(pieces.count * pieces.c * 2);  // per piece: means, sums of squared deviations
    pieces.for_each(ctx, [&](std::size_t piece, std::size_t row, std::size_t rows) {
      float* m = partials.data() + piece * pieces.c * 2;
      float* m2 = m + pieces.c;
      const float* from = x + row * pieces.c;
      std::fill_n(m, 2 * pieces.c, 0.0f);
      for (std::size_t r = 0; r < rows; ++r) {
        RESNET_IVDEP
        for (std::size_t c = 0; c < pieces.c; ++c) m[c] += from[r * pieces.c + c];
      }
      for (std::size_t c = 0; c < pieces.c; ++c) m[c] /= static_cast<float>(rows);
      for (std::size_t r = 0; r < rows; ++r) {
        RESNET_IVDEP
        for (std::size_t c = 0; c < pieces.c; ++c) {
          const float d = from[r * pieces.c + c] - m[c];
          m2[c] += d * d;
        }
      }
    });
    for (std::size_t c = 0; c < pieces.c; ++c) {
      double n = 0, m = 0, m2 = 0;
      for (std::size_t piece = 0; piece < pieces.count; ++piece) {
        const float* partial = partials.data() + piece * pieces.c * 2 + c;
        const double rows = static_cast<double>(pieces.rows_of(piece)), d = partial[0] - m;
        m2 += partial[pieces.c] + d * d * n * rows / (n + rows);
        m += d * rows / (n + rows);
        n += rows;
      }
      mean[c] = static_cast<float>(m);
      inv_std[c] = static_cast<float>(1 / std::sqrt(m2 / n + eps));
      running_mean[c] = static_cast<float>((1 - momentum) * running_mean[c] + momentum * m);
      running_var[c] = static_cast<float>((1 - momentum) * running_var[c] + momentum * m2 / (n - 1));
    }
  }
  static void invert(const Pieces& pieces, double eps, const float* var, float* inv_std) {
    for (std::size_t c = 0; c < pieces.c; ++c) inv_std[c] = static_cast<float>(1 / std::sqrt(var[c] + eps));
  }

  static void normalise(auto& ctx, const Pieces& pieces, const float* x, const float* weight,
                        const float* bias, const float* mean, const float* inv_std, const float* skip,
                        bool relu, float* y) {
    const auto gains = ctx.scratch(pieces.c);
    for (std::size_t c = 0; c < pieces.c; ++c) gains.data()[c] = weight[c] * inv_std[c];
    const float* gain = gains.data();
    pieces.for_each(ctx, [&](std::size_t, std::size_t row, std::size_t rows) {
      const auto sweep = [=, n = pieces.c](auto&& finish) {
        for (std::size_t r = row; r < row + rows; ++r) {
          RESNET_IVDEP
          for (std::size_t c = 0; c < n; ++c) {
            const std::size_t i = r * n + c;
            y[i] = finish(i, gain[c] * (x[i] - mean[c]) + bias[c]);
          }
        }
      };
      if (skip && relu)
        sweep([=](std::size_t i, float v) { return v + skip[i] < 0 ? 0 : v + skip[i]; });
      else if (relu)
        sweep([](std::size_t, float v) { return v < 0 ? 0 : v; });
      else if (skip)
        sweep([=](std::size_t i, float v) { return v + skip[i]; });
      else
        sweep([](std::size_t, float v) { return v; });
    });
  }
};

}  // namespace resnet::inline RESNET_ISA

#undef RESNET_IVDEP
