// SPDX-License-Identifier: MIT
// Batch normalisation in two sweeps over x: statistics, then the result, with what follows it. Statistics of
// fixed pieces of 256 rows are taken in float while the piece is in the cache, and merged in double in a
// fixed order (Chan et al. 1979), so nothing cancels and nothing depends on the number of threads.
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/work.hpp>
#include <resnet/backend/ref/batch_norm.hpp>

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
  static void run(CpuWork& work, const op::BatchStatistics<float, float>& o) {
    const Pieces pieces(o);
    const auto partials = work.scratch(pieces.count * pieces.c * 2);  // per piece: means, sums of squared deviations
    pieces.for_each(work, [&, x = o.x.data](std::size_t piece, std::size_t row, std::size_t rows) {
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
      o.mean.data[c] = static_cast<float>(m);
      o.inv_std.data[c] = static_cast<float>(1 / std::sqrt(m2 / n + o.eps));
      const auto move = [&](float& running, double to) {
        running = static_cast<float>((1 - o.momentum) * running + o.momentum * to);
      };
      move(o.running_mean.data[c], m);
      move(o.running_var.data[c], m2 / (n - 1));
    }
  }

  static void run(CpuWork& work, const op::RunningStatistics<float, float>& o) { RefBatchNorm<float>::run(work, o); }

  static void run(CpuWork& work, const op::Normalize<float, float>& o) {
    const Pieces pieces(o);
    const auto gains = work.scratch(pieces.c);
    for (std::size_t c = 0; c < pieces.c; ++c) gains.data()[c] = o.weight.data[c] * o.inv_std.data[c];
    const float *gain = gains.data(), *x = o.x.data, *mean = o.mean.data, *bias = o.bias.data, *skip = o.skip.data;
    float* y = o.y.data;
    const bool relu = o.activation == op::Activation::relu;
    pieces.for_each(work, [=, n = pieces.c](std::size_t, std::size_t row, std::size_t rows) {
      const auto sweep = [=](auto&& finish) {
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

  static void run(CpuWork& work, const op::NormalizeBackward<float, float>& o) {
    const Pieces pieces(o);
    const float *x = o.x.data, *weight = o.weight.data, *bias = o.bias.data, *mean = o.mean.data,
                *inv_std = o.inv_std.data, *y = o.y.data, *dy = o.dy.data;
    float *dskip = o.dskip.data, *dx = o.dx.data;
    const bool relu = o.activation == op::Activation::relu;
    const auto partials = work.scratch(pieces.count * pieces.c * 2);  // per piece: Σ d, Σ d·(x - mean)
    const auto slopes = work.scratch(pieces.c);
    for (std::size_t c = 0; c < pieces.c; ++c) slopes.data()[c] = weight[c] * inv_std[c];
    const float* gain = slopes.data();
    /// f(i, c, d) for the rows of a piece
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
        sweep([=](std::size_t i, std::size_t c) { return gain[c] * (x[i] - mean[c]) + bias[c] > 0 ? dy[i] : 0; });
    };
    pieces.for_each(work, [&](std::size_t piece, std::size_t row, std::size_t rows) {
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
    // dx = scale·d - shift - slope·(x - mean)
    const auto coefficients = work.scratch(pieces.c * 3);
    float* scale = coefficients.data();
    float* shift = scale + pieces.c;
    float* slope = shift + pieces.c;
    // The share of a row in mean and variance: none in constants.
    const double rows = o.statistics == Statistics::batch ? o.rows : std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < pieces.c; ++c) {
      double sum_dy = 0, sum_dy_d = 0;
      for (std::size_t piece = 0; piece < pieces.count; ++piece) {
        sum_dy += partials.data()[piece * pieces.c * 2 + c];
        sum_dy_d += partials.data()[piece * pieces.c * 2 + pieces.c + c];
      }
      const double inv = inv_std[c];
      o.dbias.data[c] += static_cast<float>(sum_dy);
      o.dweight.data[c] += static_cast<float>(sum_dy_d * inv);
      scale[c] = static_cast<float>(weight[c] * inv);
      shift[c] = static_cast<float>(weight[c] * inv * sum_dy / rows);
      slope[c] = static_cast<float>(weight[c] * inv * inv * inv * sum_dy_d / rows);
    }
    pieces.for_each(work, [&](std::size_t, std::size_t row, std::size_t rows) {
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
    explicit Pieces(const auto& operation)
        : rows(static_cast<std::size_t>(operation.rows)),
          c(static_cast<std::size_t>(operation.channels)),
          count((rows + piece_rows - 1) / piece_rows) {}
    std::size_t rows_of(std::size_t piece) const { return std::min(piece_rows, rows - piece * piece_rows); }
    /// f(piece, first row, rows)
    void for_each(CpuWork& work, auto&& f) const {
      cpu::parallel_for(work.threads(), count,
                        [&](std::size_t piece, std::size_t) { f(piece, piece * piece_rows, rows_of(piece)); });
    }
  };
};

}  // namespace resnet::inline RESNET_ISA

#undef RESNET_IVDEP
