// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/core/backend.hpp>

#include <cmath>

namespace resnet {

template <class T>
struct RefBatchNorm {
  static void batch_norm_forward(auto&, BatchNormGeometry g, double eps, double momentum,
                                 const T* x,                         // (rows, c)
                                 const T* weight, const T* bias,     // (c), as are all below but y
                                 T* running_mean, T* running_var,
                                 T* y,                               // (rows, c)
                                 T* mean, T* inv_std) {
    for (int c = 0; c < g.c; ++c) {
      double sum = 0, squares = 0;  // of deviations: two passes, so nothing cancels
      for (int r = 0; r < g.rows; ++r) sum += x[at(g, r, c)];
      const double m = sum / g.rows;
      for (int r = 0; r < g.rows; ++r) squares += (x[at(g, r, c)] - m) * (x[at(g, r, c)] - m);
      const double var = squares / g.rows, unbiased = squares / (g.rows - 1);
      mean[c] = static_cast<T>(m);
      inv_std[c] = static_cast<T>(1 / std::sqrt(var + eps));
      running_mean[c] = static_cast<T>((1 - momentum) * running_mean[c] + momentum * m);
      running_var[c] = static_cast<T>((1 - momentum) * running_var[c] + momentum * unbiased);
      for (int r = 0; r < g.rows; ++r)
        y[at(g, r, c)] = weight[c] * (x[at(g, r, c)] - mean[c]) * inv_std[c] + bias[c];
    }
  }

  static void batch_norm_infer(auto&, BatchNormGeometry g, double eps, const T* x, const T* weight, const T* bias,
                               const T* running_mean, const T* running_var, T* y) {
    for (int c = 0; c < g.c; ++c) {
      const T inv_std = static_cast<T>(1 / std::sqrt(running_var[c] + eps));
      for (int r = 0; r < g.rows; ++r)
        y[at(g, r, c)] = weight[c] * (x[at(g, r, c)] - running_mean[c]) * inv_std + bias[c];
    }
  }

  static void batch_norm_backward(auto&, BatchNormGeometry g, const T* x, const T* weight, const T* mean,
                                  const T* inv_std, const T* dy, T* dx, T* dweight, T* dbias) {
    for (int c = 0; c < g.c; ++c) {
      double sum_dy = 0, sum_dy_xhat = 0;
      for (int r = 0; r < g.rows; ++r) {
        const double xhat = double{x[at(g, r, c)] - mean[c]} * double{inv_std[c]};
        sum_dy += dy[at(g, r, c)];
        sum_dy_xhat += dy[at(g, r, c)] * xhat;
      }
      dbias[c] += static_cast<T>(sum_dy);
      dweight[c] += static_cast<T>(sum_dy_xhat);
      for (int r = 0; r < g.rows; ++r) {
        const double xhat = double{x[at(g, r, c)] - mean[c]} * double{inv_std[c]};
        dx[at(g, r, c)] = static_cast<T>(weight[c] * inv_std[c] *
                                         (dy[at(g, r, c)] - sum_dy / g.rows - xhat * sum_dy_xhat / g.rows));
      }
    }
  }

 private:
  static std::size_t at(BatchNormGeometry g, int row, int c) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(g.c) + static_cast<std::size_t>(c);
  }
};

}  // namespace resnet
