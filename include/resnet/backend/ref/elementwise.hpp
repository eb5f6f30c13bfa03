// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/op/elementwise.hpp>

#include <cmath>
#include <cstddef>

namespace resnet {

template <class T>
struct RefElementwise {
  static void run(auto&, const op::Add<T, T>& o) {
    for (std::size_t i = 0; i < o.count; ++i) o.y.data[i] = o.a.data[i] + o.b.data[i];
  }
  static void run(auto&, const op::Relu<T, T>& o) {
    for (std::size_t i = 0; i < o.count; ++i) o.y.data[i] = o.x.data[i] < 0 ? T{0} : o.x.data[i];
  }
  static void run(auto&, const op::ReluBackward<T, T>& o) {
    for (std::size_t i = 0; i < o.count; ++i) o.dx.data[i] = o.y.data[i] > 0 ? o.dy.data[i] : T{0};
  }
  static void run(auto&, const op::Sigmoid<T, T>& o) {
    for (std::size_t i = 0; i < o.count; ++i) o.y.data[i] = sigmoid(o.x.data[i]);
  }
  static void run(auto&, const op::SigmoidBackward<T, T>& o) {
    for (std::size_t i = 0; i < o.count; ++i) o.dx.data[i] = o.dy.data[i] * o.y.data[i] * (1 - o.y.data[i]);
  }
  static void run(auto&, const op::Silu<T, T>& o) {
    for (std::size_t i = 0; i < o.count; ++i) o.y.data[i] = o.x.data[i] * sigmoid(o.x.data[i]);
  }
  static void run(auto&, const op::SiluBackward<T, T>& o) {
    for (std::size_t i = 0; i < o.count; ++i) {
      const T x = o.x.data[i], s = sigmoid(x);
      o.dx.data[i] = o.dy.data[i] * s * (1 + x * (1 - s));
    }
  }
  static void run(auto&, const op::Dropout<T, T>& o) {
    for (std::size_t i = 0; i < o.count; ++i)
      o.y.data[i] = o.x.data[i] * static_cast<T>(dropout_factor(o.p, o.stream, o.first + i));
  }
  static void run(auto&, const op::DropPath<T, T>& o) {
    for (std::size_t image = 0, i = 0; image < static_cast<std::size_t>(o.n); ++image) {
      const T factor = static_cast<T>(dropout_factor(o.p, o.stream, image));
      for (std::size_t end = i + o.size; i < end; ++i) o.y.data[i] = o.x.data[i] * factor;
    }
  }

 private:
  static T sigmoid(T x) { return 1 / (1 + std::exp(-x)); }
};

}  // namespace resnet
