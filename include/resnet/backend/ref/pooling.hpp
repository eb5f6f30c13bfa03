// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/op/pooling.hpp>

#include <cstddef>
#include <vector>

namespace resnet {

template <class P, class A = P>
struct RefPooling {
  static void run(auto&, const op::MaxPool2d<A, P>& o) {
    for_each_output(o.g,
                    [&](std::size_t y, auto&& window) { o.y.data[y] = o.x.data[first_maximum(o.x.data, window)]; });
  }
  static void run(auto&, const op::MaxPool2dBackward<A, P>& o) {
    std::vector<P> sums(input_size(o.g));
    for_each_output(o.g,
                    [&](std::size_t y, auto&& window) { sums[first_maximum(o.x.data, window)] += P{o.dy.data[y]}; });
    for (std::size_t i = 0; i < sums.size(); ++i) o.dx.data[i] = static_cast<A>(sums[i]);
  }
  static void run(auto&, const op::AvgPool2d<A, P>& o) {
    const P count = static_cast<P>(o.g.kernel_h * o.g.kernel_w);
    for_each_output(o.g, [&](std::size_t y, auto&& window) {
      P sum = 0;
      window([&](std::size_t x) { sum += P{o.x.data[x]}; });
      o.y.data[y] = static_cast<A>(sum / count);
    });
  }
  static void run(auto&, const op::AvgPool2dBackward<A, P>& o) {
    const P count = static_cast<P>(o.g.kernel_h * o.g.kernel_w);
    std::vector<P> sums(input_size(o.g));
    for_each_output(
        o.g, [&](std::size_t y, auto&& window) { window([&](std::size_t x) { sums[x] += P{o.dy.data[y]} / count; }); });
    for (std::size_t i = 0; i < sums.size(); ++i) o.dx.data[i] = static_cast<A>(sums[i]);
  }

 private:
  static std::size_t input_size(const Pool2dGeometry& g) {
    return static_cast<std::size_t>(g.n) * static_cast<std::size_t>(g.in_h * g.in_w) * static_cast<std::size_t>(g.c);
  }

  /// f(output index, window); window(h) calls h(input index) for each pixel of the window inside the image.
  static void for_each_output(const Pool2dGeometry& g, auto&& f) {
    std::size_t out = 0;
    for (int n = 0; n < g.n; ++n)
      for (int out_h = 0; out_h < g.out_h; ++out_h)
        for (int out_w = 0; out_w < g.out_w; ++out_w)
          for (int c = 0; c < g.c; ++c, ++out)
            f(out, [&](auto&& h) {
              for (int i = 0; i < g.kernel_h; ++i)
                for (int j = 0; j < g.kernel_w; ++j) {
                  const int in_h = out_h * g.stride + i - g.padding, in_w = out_w * g.stride + j - g.padding;
                  if (in_h < 0 || in_h >= g.in_h || in_w < 0 || in_w >= g.in_w) continue;
                  h(static_cast<std::size_t>((n * g.in_h + in_h) * g.in_w + in_w) * static_cast<std::size_t>(g.c) +
                    static_cast<std::size_t>(c));
                }
            });
  }

  /// A NaN counts as the maximum, as in PyTorch.
  static std::size_t first_maximum(const A* x, auto&& window) {
    std::size_t best = ~std::size_t{0};
    window([&](std::size_t in) {
      if (best == ~std::size_t{0} || x[in] > x[best] || (x[in] != x[in] && x[best] == x[best])) best = in;
    });
    return best;
  }
};

}  // namespace resnet
