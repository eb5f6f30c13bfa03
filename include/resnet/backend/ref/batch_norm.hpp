// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/core/backend.hpp>

#include <cmath>
#include <limits>

namespace resnet {

template <class T>
struct RefBatchNorm {
  static void batch_norm_forward(auto&, BatchNormGeometry g, double eps, double momentum,
                                 const T* x,                         // (rows, c)
                                 const T* weight, const T* bias,     // (c), as are all below but y
                                 T* running_mean, T* running_var,
                                 const T* skip, bool relu, T* y,     // (rows, c); skip may be null
                                 T* mean, T* inv_std) {
    for (int c = 0; c < g.c; ++c) {
      if (g.statistics == Statistics::running) {
        mean[c] = running_mean[c];
        inv_std[c] = static_cast<T>(1 / std::sqrt(running_var[c] + eps));
      } else {
        double sum = 0, squares = 0;  // of deviations: two passes, so nothing cancels
        for (int r = 0; r < g.rows; ++r) sum += x[at(g, r, c)];
        const double m = sum / g.rows;
        for (int r = 0; r < g.rows; ++r) squares += (x[at(g, r, c)] - m) * (x[at(g, r, c)] - m);
        const double var = squares / g.rows, unbiased = squares / (g.rows - 1);
        mean[c] = static_cast<T>(m);
        inv_std[c] = static_cast<T>(1 / std::sqrt(var + eps));
        running_mean[c] = static_cast<T>((1 - momentum) * running_mean[c] + momentum * m);
        running_var[c] = static_cast<T>((1 - momentum) * running_var[c] + momentum * unbiased);
      }
      for (int r = 0; r < g.rows; ++r)
        y[at(g, r, c)] = finish(weight[c] * (x[at(g, r, c)] - mean[c]) * inv_std[c] + bias[c], skip, at(g, r, c), relu);
    }
  }

  static void batch_norm_infer(auto&, BatchNormGeometry g, double eps, const T* x, const T* weight, const T* bias,
                               const T* running_mean, const T* running_var, const T* skip, bool relu, T* y) {
    for (int c = 0; c < g.c; ++c) {
      const T inv_std = static_cast<T>(1 / std::sqrt(running_var[c] + eps));
      for (int r = 0; r < g.rows; ++r)
        y[at(g, r, c)] = finish(weight[c] * (x[at(g, r, c)] - running_mean[c]) * inv_std + bias[c], skip, at(g, r, c), relu);
    }
  }

  static void batch_norm_backward(auto&, BatchNormGeometry g, const T* x, const T* weight, const T* bias, const T* mean,
                                  const T* inv_std, const T* y, bool relu, const T* dy, T* dskip, T* dx, T* dweight,
                                  T* dbias) {
    for (int c = 0; c < g.c; ++c) {
      const auto xhat = [&](int r) { return double{x[at(g, r, c)] - mean[c]} * double{inv_std[c]}; };
      const auto dnorm = [&](int r) {  // the gradient of the normalised value
        const bool blocked = relu && !((y ? y[at(g, r, c)] : weight[c] * (x[at(g, r, c)] - mean[c]) * inv_std[c] + bias[c]) > 0);
        return blocked ? T{} : dy[at(g, r, c)];
      };
      double sum_dy = 0, sum_dy_xhat = 0;
      for (int r = 0; r < g.rows; ++r) {
        sum_dy += dnorm(r);
        sum_dy_xhat += dnorm(r) * xhat(r);
      }
      dbias[c] += static_cast<T>(sum_dy);
      dweight[c] += static_cast<T>(sum_dy_xhat);
      // A row's share in mean and variance is 1 / rows: none in constants.
      const double rows = g.statistics == Statistics::batch ? g.rows : std::numeric_limits<double>::infinity();
      for (int r = 0; r < g.rows; ++r) {
        const T d = dnorm(r);
        if (dskip) dskip[at(g, r, c)] = d;
        dx[at(g, r, c)] = static_cast<T>(weight[c] * inv_std[c] * (d - sum_dy / rows - xhat(r) * sum_dy_xhat / rows));
      }
    }
  }

 private:
  static T finish(T normalised, const T* skip, std::size_t i, bool relu) {
    const T y = skip ? normalised + skip[i] : normalised;
    return relu && y < 0 ? T{} : y;  // NaN stays NaN
  }
  static std::size_t at(BatchNormGeometry g, int row, int c) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(g.c) + static_cast<std::size_t>(c);
  }
};

}  // namespace resnet
