// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>

namespace resnet {

template <class T> struct RefGating {
  static void sigmoid_forward(auto&, std::size_t n, const T* x, T* y) {
    for (std::size_t i = 0; i < n; ++i) y[i] = sigmoid(x[i]);
  }
  static void sigmoid_backward(auto&, std::size_t n, const T* y, const T* dy, T* dx) {
    for (std::size_t i = 0; i < n; ++i) dx[i] = dy[i] * y[i] * (1 - y[i]);
  }
  static void silu_forward(auto&, std::size_t n, const T* x, T* y) {
    for (std::size_t i = 0; i < n; ++i) y[i] = x[i] * sigmoid(x[i]);
  }
  static void silu_backward(auto&, std::size_t n, const T* x, const T* dy, T* dx) {
    for (std::size_t i = 0; i < n; ++i) dx[i] = dy[i] * sigmoid(x[i]) * (1 + x[i] * (1 - sigmoid(x[i])));
  }

  static void scale_channels_forward(auto&, int n, int pixels, int c,
                                     const T* x,  // (n, pixels, c)
                                     const T* s,  // (n, c)
                                     T* y) {      // (n, pixels, c)
    for_each(n, pixels, c, [=](std::size_t i, std::size_t gate) { y[i] = x[i] * s[gate]; });
  }
  static void scale_channels_backward(auto&, int n, int pixels, int c, const T* x, const T* s, const T* dy,
                                      T* dx, T* ds) {
    for_each(n, 1, c, [=](std::size_t, std::size_t gate) { ds[gate] = 0; });
    for_each(n, pixels, c, [=](std::size_t i, std::size_t gate) {
      ds[gate] += dy[i] * x[i];
      dx[i] = dy[i] * s[gate];
    });
  }

 private:
  static T sigmoid(T x) { return 1 / (1 + std::exp(-x)); }

  /// f(index in x, index in s)
  static void for_each(int n, int pixels, int c, auto&& f) {
    std::size_t i = 0;
    for (int image = 0; image < n; ++image)
      for (int pixel = 0; pixel < pixels; ++pixel)
        for (int channel = 0; channel < c; ++channel, ++i)
          f(i, static_cast<std::size_t>(image) * static_cast<std::size_t>(c) +
                   static_cast<std::size_t>(channel));
  }
};

}  // namespace resnet
