// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/op/conv2d.hpp>

#include <cstddef>

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
              const auto k =
                  static_cast<std::size_t>((o * g.kernel + i) * g.kernel + j) * static_cast<std::size_t>(g.in_c);
              for (std::size_t c = 0; c < static_cast<std::size_t>(g.in_c); ++c) f(x + c, k + c, y);
            }
}

inline std::size_t output_size(const Conv2dGeometry& g) {
  return static_cast<std::size_t>(g.n) * static_cast<std::size_t>(g.out_h * g.out_w) *
         static_cast<std::size_t>(g.out_c);
}
inline std::size_t input_size(const Conv2dGeometry& g) {
  return static_cast<std::size_t>(g.n) * static_cast<std::size_t>(g.in_h * g.in_w) * static_cast<std::size_t>(g.in_c);
}

}  // namespace detail

template <class T>
struct RefConv2d {
  static void run(auto&, const op::Conv2d<T, T>& o) {
    for (std::size_t i = 0; i < detail::output_size(o.g); ++i)
      o.y.data[i] = o.bias ? o.bias.data[i % static_cast<std::size_t>(o.g.out_c)] : T{0};
    detail::for_each_mac(o.g, [&](std::size_t x, std::size_t weight, std::size_t y) {
      o.y.data[y] += o.x.data[x] * o.weight.data[weight];
    });
  }

  static void run(auto&, const op::Conv2dBackwardData<T, T>& o) {
    for (std::size_t i = 0; i < detail::input_size(o.g); ++i) o.dx.data[i] = o.addend ? o.addend.data[i] : T{0};
    detail::for_each_mac(o.g, [&](std::size_t x, std::size_t weight, std::size_t y) {
      o.dx.data[x] += o.dy.data[y] * o.weight.data[weight];
    });
  }

  static void run(auto&, const op::Conv2dBackwardWeight<T, T>& o) {
    detail::for_each_mac(o.g, [&](std::size_t x, std::size_t weight, std::size_t y) {
      o.dweight.data[weight] += o.dy.data[y] * o.x.data[x];
    });
    for (std::size_t i = 0; o.dbias && i < detail::output_size(o.g); ++i)
      o.dbias.data[i % static_cast<std::size_t>(o.g.out_c)] += o.dy.data[i];
  }
};

}  // namespace resnet
