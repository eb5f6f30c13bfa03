// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/op/channels.hpp>

#include <cstddef>

namespace resnet {

template <class T>
struct RefChannels {
  static void run(auto&, const op::ScaleChannels<T, T>& o) {
    for_each(o.n, o.pixels, o.channels,
             [&](std::size_t i, std::size_t gate) { o.y.data[i] = o.x.data[i] * o.s.data[gate]; });
  }
  static void run(auto&, const op::ScaleChannelsBackward<T, T>& o) {
    for_each(o.n, 1, o.channels, [&](std::size_t, std::size_t gate) { o.ds.data[gate] = 0; });
    for_each(o.n, o.pixels, o.channels, [&](std::size_t i, std::size_t gate) {
      o.ds.data[gate] += o.dy.data[i] * o.x.data[i];
      o.dx.data[i] = o.dy.data[i] * o.s.data[gate];
    });
  }
  static void run(auto&, const op::ConcatChannels<T, T>& o) {
    const T *a = o.a.data, *b = o.b.data;
    T* y = o.y.data;
    for (int row = 0; row < o.rows; ++row) {
      for (int c = 0; c < o.a_channels; ++c) *y++ = a ? *a++ : T{0};
      for (int c = 0; c < o.b_channels; ++c) *y++ = b ? *b++ : T{0};
    }
  }
  static void run(auto&, const op::SliceChannels<T, T>& o) {
    const T* x = o.x.data + o.first;
    T* y = o.y.data;
    for (int row = 0; row < o.rows; ++row, x += o.x_channels)
      for (int c = 0; c < o.y_channels; ++c) *y++ = x[c];
  }
  static void run(auto&, const op::Transpose<T, T>& o) {
    const T* x = o.x.data;
    T* y = o.y.data;
    for (int image = 0; image < o.n; ++image, x += o.rows * o.columns)
      for (int column = 0; column < o.columns; ++column)
        for (int row = 0; row < o.rows; ++row) *y++ = x[row * o.columns + column];
  }

 private:
  /// f(index in x, index in s)
  static void for_each(int n, int pixels, int c, auto&& f) {
    std::size_t i = 0;
    for (int image = 0; image < n; ++image)
      for (int pixel = 0; pixel < pixels; ++pixel)
        for (int channel = 0; channel < c; ++channel, ++i)
          f(i, static_cast<std::size_t>(image) * static_cast<std::size_t>(c) + static_cast<std::size_t>(channel));
  }
};

}  // namespace resnet
