// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/op/conv2d.hpp>

#include <cstddef>
#include <vector>

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

inline std::size_t input_size(const Conv2dGeometry& g) {
  return static_cast<std::size_t>(g.n) * static_cast<std::size_t>(g.in_h * g.in_w) * static_cast<std::size_t>(g.in_c);
}

}  // namespace detail

/// Sums in P, and rounds each to A once.
template <class P, class A = P>
struct RefConv2d {
  static void run(auto&, const op::Conv2d<A, P>& o) {
    const auto channels = static_cast<std::size_t>(o.g.out_c);
    std::vector<P> sums(o.g.out_size());
    for (std::size_t i = 0; o.bias && i < sums.size(); ++i) sums[i] = o.bias.data[i % channels];
    detail::for_each_mac(o.g, [&](std::size_t x, std::size_t weight, std::size_t y) {
      sums[y] += P{o.x.data[x]} * o.weight.data[weight];
    });
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const P y = o.skip ? sums[i] + P{o.skip.data[i]} : sums[i];
      o.y.data[i] = static_cast<A>(o.activation == op::Activation::relu && y < 0 ? P{0} : y);
    }
  }

  static void run(auto&, const op::Conv2dBackwardData<A, P>& o) {
    std::vector<P> sums(detail::input_size(o.g));
    for (std::size_t i = 0; o.addend && i < sums.size(); ++i) sums[i] = o.addend.data[i];
    detail::for_each_mac(o.g, [&](std::size_t x, std::size_t weight, std::size_t y) {
      sums[x] += P{o.dy.data[y]} * o.weight.data[weight];
    });
    for (std::size_t i = 0; i < sums.size(); ++i) o.dx.data[i] = static_cast<A>(sums[i]);
  }

  static void run(auto&, const op::Conv2dBackwardWeight<A, P>& o) {
    detail::for_each_mac(o.g, [&](std::size_t x, std::size_t weight, std::size_t y) {
      o.dweight.data[weight] += P{o.dy.data[y]} * P{o.x.data[x]};
    });
    for (std::size_t i = 0; o.dbias && i < o.g.out_size(); ++i)
      o.dbias.data[i % static_cast<std::size_t>(o.g.out_c)] += P{o.dy.data[i]};
  }
};

}  // namespace resnet
