// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/op/channels.hpp>

#include <cstddef>

namespace resnet {

template <class P, class A = P>
struct RefChannels {
  static void run(auto&, const op::ScaleChannels<A, P>& o) {
    for (int n = 0; n < o.n; ++n)
      for (int pixel = 0; pixel < o.pixels; ++pixel)
        for (int c = 0; c < o.channels; ++c)
          o.y.data[at(o, n, pixel, c)] = static_cast<A>(P{o.x.data[at(o, n, pixel, c)]} * P{o.s.data[gate(o, n, c)]});
  }
  static void run(auto&, const op::ScaleChannelsBackward<A, P>& o) {
    for (int n = 0; n < o.n; ++n)
      for (int c = 0; c < o.channels; ++c) {
        const P s = o.s.data[gate(o, n, c)];
        P ds = 0;
        for (int pixel = 0; pixel < o.pixels; ++pixel) {
          const P dy = o.dy.data[at(o, n, pixel, c)];
          ds += dy * P{o.x.data[at(o, n, pixel, c)]};
          o.dx.data[at(o, n, pixel, c)] = static_cast<A>(dy * s);
        }
        o.ds.data[gate(o, n, c)] = static_cast<A>(ds);
      }
  }
  static void run(auto&, const op::ConcatChannels<A, P>& o) {
    const A *a = o.a.data, *b = o.b.data;
    A* y = o.y.data;
    for (int row = 0; row < o.rows; ++row) {
      for (int c = 0; c < o.a_channels; ++c) *y++ = a ? *a++ : A{};
      for (int c = 0; c < o.b_channels; ++c) *y++ = b ? *b++ : A{};
    }
  }
  static void run(auto&, const op::SliceChannels<A, P>& o) {
    const A* x = o.x.data + o.first;
    A* y = o.y.data;
    for (int row = 0; row < o.rows; ++row, x += o.x_channels)
      for (int c = 0; c < o.y_channels; ++c) *y++ = x[c];
  }
  static void run(auto&, const op::Transpose<A, P>& o) {
    const A* x = o.x.data;
    A* y = o.y.data;
    for (int image = 0; image < o.n; ++image, x += o.rows * o.columns)
      for (int column = 0; column < o.columns; ++column)
        for (int row = 0; row < o.rows; ++row) *y++ = x[row * o.columns + column];
  }

 private:
  static std::size_t gate(const auto& o, int n, int c) {
    return static_cast<std::size_t>(n) * static_cast<std::size_t>(o.channels) + static_cast<std::size_t>(c);
  }
  static std::size_t at(const auto& o, int n, int pixel, int c) { return gate(o, n * o.pixels + pixel, c); }
};

}  // namespace resnet
