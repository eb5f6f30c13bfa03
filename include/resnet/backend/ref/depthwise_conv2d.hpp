// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/op/depthwise_conv2d.hpp>

#include <cstddef>
#include <vector>

namespace resnet {

/// Sums in P, and rounds each to A once.
template <class P, class A = P>
struct RefDepthwiseConv2d {
  static void run(auto&, const op::DepthwiseConv2d<A, P>& o) {
    std::vector<P> sums(extent(o.g.n, o.g.out_h, o.g.out_w, o.g.out_c));
    for_each_mac(o.g, [&](std::size_t x, std::size_t weight, std::size_t y) {
      sums[y] += P{o.x.data[x]} * o.weight.data[weight];
    });
    for (std::size_t i = 0; i < sums.size(); ++i) o.y.data[i] = static_cast<A>(sums[i]);
  }
  static void run(auto&, const op::DepthwiseConv2dBackwardData<A, P>& o) {
    std::vector<P> sums(extent(o.g.n, o.g.in_h, o.g.in_w, o.g.in_c));
    for_each_mac(o.g, [&](std::size_t x, std::size_t weight, std::size_t y) {
      sums[x] += P{o.dy.data[y]} * o.weight.data[weight];
    });
    for (std::size_t i = 0; i < sums.size(); ++i) o.dx.data[i] = static_cast<A>(sums[i]);
  }
  static void run(auto&, const op::DepthwiseConv2dBackwardWeight<A, P>& o) {
    for_each_mac(o.g, [&](std::size_t x, std::size_t weight, std::size_t y) {
      o.dweight.data[weight] += P{o.dy.data[y]} * P{o.x.data[x]};
    });
  }

 private:
  /// Calls f(x index, weight index, y index) for each multiply-accumulate; padding contributes none.
  static void for_each_mac(const Conv2dGeometry& g, auto&& f) {
    std::size_t y = 0;
    for (int n = 0; n < g.n; ++n)
      for (int out_h = 0; out_h < g.out_h; ++out_h)
        for (int out_w = 0; out_w < g.out_w; ++out_w)
          for (int c = 0; c < g.out_c; ++c, ++y)
            for (int i = 0; i < g.kernel; ++i)
              for (int j = 0; j < g.kernel; ++j) {
                const int h = out_h * g.stride + i - g.padding, w = out_w * g.stride + j - g.padding;
                if (h < 0 || h >= g.in_h || w < 0 || w >= g.in_w) continue;
                f(extent(n * g.in_h + h, g.in_w, g.in_c) + extent(w, g.in_c) + extent(c),
                  extent((c * g.kernel + i) * g.kernel + j), y);
              }
  }
};

}  // namespace resnet
