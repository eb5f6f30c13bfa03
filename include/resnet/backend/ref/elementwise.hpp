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
  static double sum_of_squares(auto&, std::size_t n, const T* x) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += double{x[i]} * double{x[i]};
    return sum;
  }
  static void scale(auto&, std::size_t n, double factor, T* y) {
    for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<T>(y[i] * factor);
  }
};

}  // namespace resnet
