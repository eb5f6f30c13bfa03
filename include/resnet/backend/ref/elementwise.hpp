// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/core/random.hpp>

#include <cstddef>

namespace resnet {

/// What Dropout multiplies element i with: 0 with probability p, else 1 / (1 - p). One Philox block serves
/// four neighbours.
inline double dropout_factor(double p, Stream stream, std::size_t i) {
  const double u = random_words(stream, i / 4)[i % 4] * 0x1p-32;
  return u < p ? 0.0 : 1.0 / (1.0 - p);
}

template <class T>
struct RefElementwise {
  static void add(auto&, std::size_t n, const T* a, const T* b, T* y) {
    for (std::size_t i = 0; i < n; ++i) y[i] = a[i] + b[i];
  }
  // NaN stays NaN, as in PyTorch: a diverged run must not look healthy.
  static void relu_forward(auto&, std::size_t n, const T* x, T* y) {
    for (std::size_t i = 0; i < n; ++i) y[i] = x[i] < 0 ? T{0} : x[i];
  }
  static void relu_backward(auto&, std::size_t n, const T* y, const T* dy, T* dx) {
    for (std::size_t i = 0; i < n; ++i) dx[i] = y[i] > 0 ? dy[i] : T{0};
  }
  static void dropout(auto&, std::size_t n, double p, Stream stream, const T* x, T* y) {
    for (std::size_t i = 0; i < n; ++i) y[i] = x[i] * static_cast<T>(dropout_factor(p, stream, i));
  }
  static void drop_path(auto&, int n, std::size_t size, double p, Stream stream, const T* x, T* y) {
    for (std::size_t image = 0, i = 0; image < static_cast<std::size_t>(n); ++image) {
      const T factor = static_cast<T>(dropout_factor(p, stream, image));
      for (std::size_t end = i + size; i < end; ++i) y[i] = x[i] * factor;
    }
  }
  static void concat_channels(auto&, int rows, int a_channels, const T* a, int b_channels, const T* b, T* y) {
    for (int row = 0; row < rows; ++row) {
      for (int c = 0; c < a_channels; ++c) *y++ = a ? *a++ : T{0};
      for (int c = 0; c < b_channels; ++c) *y++ = b ? *b++ : T{0};
    }
  }
  static void slice_channels(auto&, int rows, int x_channels, const T* x, int first, int y_channels, T* y) {
    for (int row = 0; row < rows; ++row, x += x_channels)
      for (int c = 0; c < y_channels; ++c) *y++ = x[first + c];
  }
  static void transpose(auto&, int n, int rows, int columns, const T* x, T* y) {
    for (int image = 0; image < n; ++image, x += rows * columns)
      for (int column = 0; column < columns; ++column)
        for (int row = 0; row < rows; ++row) *y++ = x[row * columns + column];
  }
  static double sum_of_squares(auto&, std::size_t n, const T* x) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += double{x[i]} * double{x[i]};
    return sum;
  }
  static void scale(auto&, std::size_t n, double factor, T* y) {
    for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<T>(y[i] * factor);
  }
  static void clamp(auto&, std::size_t n, double low, double high, T* y) {
    const T least = static_cast<T>(low), most = static_cast<T>(high);
    for (std::size_t i = 0; i < n; ++i) y[i] = y[i] < least ? least : y[i] > most ? most : y[i];
  }
  static void lerp(auto&, std::size_t n, double t, const T* x, T* y) {
    for (std::size_t i = 0; i < n; ++i) y[i] += static_cast<T>(t) * (x[i] - y[i]);
  }
};

}  // namespace resnet
