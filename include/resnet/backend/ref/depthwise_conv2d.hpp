// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/core/backend.hpp>

#include <algorithm>

namespace resnet {

template <class T> struct RefDepthwiseConv2d {
  static void depthwise_conv2d_forward(auto&, const Conv2dGeometry& g,
                                       const T* x,       // (n, in_h, in_w, c)
                                       const T* weight,  // (c, kernel, kernel)
                                       T* y) {           // (n, out_h, out_w, c)
    std::fill_n(y, count(g.n, g.out_h, g.out_w, g.out_c), T{0});
    for_each_mac(g, [=](std::size_t ix, std::size_t iw, std::size_t iy) { y[iy] += x[ix] * weight[iw]; });
  }

  static void depthwise_conv2d_backward_data(auto&, const Conv2dGeometry& g, const T* dy, const T* weight,
                                             T* dx) {
    std::fill_n(dx, count(g.n, g.in_h, g.in_w, g.in_c), T{0});
    for_each_mac(g, [=](std::size_t ix, std::size_t iw, std::size_t iy) { dx[ix] += dy[iy] * weight[iw]; });
  }

  static void depthwise_conv2d_backward_weight(auto&, const Conv2dGeometry& g, const T* x, const T* dy,
                                               T* dweight) {
    for_each_mac(g, [=](std::size_t ix, std::size_t iw, std::size_t iy) { dweight[iw] += dy[iy] * x[ix]; });
  }

 private:
  static std::size_t count(auto... dims) { return (std::size_t{1} * ... * static_cast<std::size_t>(dims)); }

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
                f(count(n * g.in_h + h, g.in_w, g.in_c) + count(w, g.in_c) + count(c),
                  count((c * g.kernel + i) * g.kernel + j), y);
              }
  }
};

}  // namespace resnet
