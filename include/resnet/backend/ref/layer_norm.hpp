// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/op/layer_norm.hpp>

#include <cmath>
#include <cstddef>

namespace resnet {

template <class P, class A = P>
struct RefLayerNorm {
  static void run(auto&, const op::LayerNorm<A, P>& o) {
    for (int r = 0; r < o.rows; ++r) {
      double sum = 0, squares = 0;
      for (int c = 0; c < o.channels; ++c) sum += double{o.x.data[at(o, r, c)]};
      const double mean = sum / o.channels;
      for (int c = 0; c < o.channels; ++c) {
        const double d = double{o.x.data[at(o, r, c)]} - mean;
        squares += d * d;
      }
      const double inv_std = 1 / std::sqrt(squares / o.channels + o.eps);
      if (o.mean) o.mean.data[r] = static_cast<P>(mean);
      if (o.inv_std) o.inv_std.data[r] = static_cast<P>(inv_std);
      for (int c = 0; c < o.channels; ++c)
        o.y.data[at(o, r, c)] =
            static_cast<A>(o.weight.data[c] * (double{o.x.data[at(o, r, c)]} - mean) * inv_std + o.bias.data[c]);
    }
  }

  static void run(auto&, const op::LayerNormBackward<A, P>& o) {
    for (int r = 0; r < o.rows; ++r) {
      const auto xhat = [&](int c) { return (double{o.x.data[at(o, r, c)]} - o.mean.data[r]) * o.inv_std.data[r]; };
      double sum = 0, sum_xhat = 0;
      for (int c = 0; c < o.channels; ++c) {
        const double dy = o.dy.data[at(o, r, c)], g = dy * o.weight.data[c];
        sum += g, sum_xhat += g * xhat(c);
        o.dbias.data[c] += static_cast<P>(dy);
        o.dweight.data[c] += static_cast<P>(dy * xhat(c));
      }
      for (int c = 0; c < o.channels; ++c) {
        const double g = o.dy.data[at(o, r, c)] * o.weight.data[c];
        o.dx.data[at(o, r, c)] =
            static_cast<A>(o.inv_std.data[r] * (g - sum / o.channels - xhat(c) * sum_xhat / o.channels));
      }
    }
  }

 private:
  static std::size_t at(const auto& o, int row, int c) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(o.channels) + static_cast<std::size_t>(c);
  }
};

}  // namespace resnet
