// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/core/backend.hpp>

namespace resnet {

namespace detail {

/// Calls f(x index, weight index, y index) for each multiply-accumulate; padding contributes none.
void for_each_mac(const Conv2dGeometry& g, auto&& f) {
  std::size_t y = 0;
  for (int n = 0; n < g.n; ++n)
    for (int out_h = 0; out_h < g.out_h; ++out_h)
      for (int out_w = 0; out_w < g.out_w; ++out_w)
        for (int o = 0; o < g.out_c; ++o, ++y)
          for (int i = 0; i < g.kernel; ++i)
            for (int j = 0; j < g.kernel; ++j) {
              const int h = out_h * g.stride + i - g.padding;
              const int w = out_w * g.stride + j - g.padding;
              if (h < 0 || h >= g.in_h || w < 0 || w >= g.in_w) continue;
              const auto x = static_cast<std::size_t>((n * g.in_h + h) * g.in_w + w) * static_cast<std::size_t>(g.in_c);
              const auto k = static_cast<std::size_t>((o * g.kernel + i) * g.kernel + j) * static_cast<std::size_t>(g.in_c);
              for (std::size_t c = 0; c < static_cast<std::size_t>(g.in_c); ++c) f(x + c, k + c, y);
            }
}

inline std::size_t output_size(const Conv2dGeometry& g) {
  return static_cast<std::size_t>(g.n) * static_cast<std::size_t>(g.out_h * g.out_w) * static_cast<std::size_t>(g.out_c);
}

}  // namespace detail

template <class T>
struct RefConv2d {
  static void conv2d_forward(auto&, const Conv2dGeometry& g,
                             const T* x,       // (n, in_h, in_w, in_c)
                             const T* weight,  // (out_c, kernel, kernel, in_c)
                             const T* bias,    // (out_c) or null
                             T* y) {           // (n, out_h, out_w, out_c)
    for (std::size_t i = 0; i < detail::output_size(g); ++i)
      y[i] = bias ? bias[i % static_cast<std::size_t>(g.out_c)] : T{0};
    detail::for_each_mac(g, [=](std::size_t ix, std::size_t iw, std::size_t iy) { y[iy] += x[ix] * weight[iw]; });
  }

  static void conv2d_backward_data(auto&, const Conv2dGeometry& g, const T* dy, const T* weight, const T* addend, T* dx) {
    const auto size = static_cast<std::size_t>(g.n) * static_cast<std::size_t>(g.in_h * g.in_w) *
                      static_cast<std::size_t>(g.in_c);
    if (!addend)
      std::fill_n(dx, size, T{0});
    else if (addend != dx)
      std::copy_n(addend, size, dx);
    detail::for_each_mac(g, [=](std::size_t ix, std::size_t iw, std::size_t iy) { dx[ix] += dy[iy] * weight[iw]; });
  }

  static void conv2d_backward_weight(auto&, const Conv2dGeometry& g, const T* x, const T* dy, T* dweight, T* dbias) {
    detail::for_each_mac(g, [=](std::size_t ix, std::size_t iw, std::size_t iy) { dweight[iw] += dy[iy] * x[ix]; });
    if (dbias)
      for (std::size_t i = 0; i < detail::output_size(g); ++i) dbias[i % static_cast<std::size_t>(g.out_c)] += dy[i];
  }
};

}  // namespace resnet
