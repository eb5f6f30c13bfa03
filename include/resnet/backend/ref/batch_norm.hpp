// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/op/batch_norm.hpp>

#include <cmath>
#include <cstddef>
#include <limits>

namespace resnet {

template <class P, class A = P>
struct RefBatchNorm {
  static void run(auto&, const op::BatchStatistics<A, P>& o) {
    for (int c = 0; c < o.channels; ++c) {
      const auto x = [&](int row) { return double{o.x.data[at(o, row, c)]}; };
      double sum = 0, squares = 0;  // of deviations: two passes, so nothing cancels
      for (int r = 0; r < o.rows; ++r) sum += x(r);
      const double mean = sum / o.rows;
      for (int r = 0; r < o.rows; ++r) squares += (x(r) - mean) * (x(r) - mean);
      o.mean.data[c] = static_cast<P>(mean);
      o.inv_std.data[c] = static_cast<P>(1 / std::sqrt(squares / o.rows + o.eps));
      const auto move = [&](P& running, double to) {
        running = static_cast<P>((1 - o.momentum) * running + o.momentum * to);
      };
      move(o.running_mean.data[c], mean);
      move(o.running_var.data[c], squares / (o.rows - 1));
    }
  }

  static void run(auto&, const op::RunningStatistics<A, P>& o) {
    for (int c = 0; c < o.channels; ++c) {
      o.mean.data[c] = o.running_mean.data[c];
      o.inv_std.data[c] = static_cast<P>(1 / std::sqrt(o.running_var.data[c] + o.eps));
    }
  }

  static void run(auto&, const op::Normalize<A, P>& o) {
    for (int r = 0; r < o.rows; ++r)
      for (int c = 0; c < o.channels; ++c) {
        const std::size_t i = at(o, r, c);
        const P v = normalized(o, i, c), y = o.skip ? v + P{o.skip.data[i]} : v;
        o.y.data[i] = static_cast<A>(o.activation == op::Activation::relu && y < 0 ? P{} : y);  // NaN stays NaN
      }
  }

  static void run(auto&, const op::NormalizeBackward<A, P>& o) {
    for (int c = 0; c < o.channels; ++c) {
      const auto xhat = [&](int r) {
        return double{P{o.x.data[at(o, r, c)]} - o.mean.data[c]} * double{o.inv_std.data[c]};
      };
      const auto d = [&](int r) {
        const std::size_t i = at(o, r, c);
        const bool blocked =
            o.activation == op::Activation::relu && !((o.y ? P{o.y.data[i]} : normalized(o, i, c)) > 0);
        return blocked ? A{} : o.dy.data[i];
      };
      double sum_d = 0, sum_d_xhat = 0;
      for (int r = 0; r < o.rows; ++r) {
        sum_d += d(r);
        sum_d_xhat += d(r) * xhat(r);
      }
      o.dbias.data[c] += static_cast<P>(sum_d);
      o.dweight.data[c] += static_cast<P>(sum_d_xhat);
      // A row's share in mean and variance is 1 / rows: none in constants.
      const double rows = o.statistics == Statistics::batch ? o.rows : std::numeric_limits<double>::infinity();
      for (int r = 0; r < o.rows; ++r) {
        const A dr = d(r);
        if (o.dskip) o.dskip.data[at(o, r, c)] = dr;
        o.dx.data[at(o, r, c)] =
            static_cast<A>(o.weight.data[c] * o.inv_std.data[c] * (dr - sum_d / rows - xhat(r) * sum_d_xhat / rows));
      }
    }
  }

 private:
  static std::size_t at(const auto& o, int row, int c) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(o.channels) + static_cast<std::size_t>(c);
  }
  static P normalized(const auto& o, std::size_t i, int c) {
    return o.weight.data[c] * (P{o.x.data[i]} - o.mean.data[c]) * o.inv_std.data[c] + o.bias.data[c];
  }
};

}  // namespace resnet
