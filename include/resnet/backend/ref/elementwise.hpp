// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/op/elementwise.hpp>

#include <cmath>
#include <cstddef>
#include <numbers>

namespace resnet {

/// Computes in P, and rounds each result to A once.
template <class P, class A = P>
struct RefElementwise {
  static void run(auto&, const op::Add<A, P>& o) {
    for_each(
        o.count, o.y, [](P a, P b) { return a + b; }, o.a, o.b);
  }
  static void run(auto&, const op::Relu<A, P>& o) {
    for_each(
        o.count, o.y, [](P x) { return x < 0 ? P{0} : x; }, o.x);
  }
  static void run(auto&, const op::ReluBackward<A, P>& o) {
    for_each(
        o.count, o.dx, [](P y, P dy) { return y > 0 ? dy : P{0}; }, o.y, o.dy);
  }
  static void run(auto&, const op::Sigmoid<A, P>& o) { for_each(o.count, o.y, sigmoid, o.x); }
  static void run(auto&, const op::SigmoidBackward<A, P>& o) {
    for_each(
        o.count, o.dx, [](P y, P dy) { return dy * y * (1 - y); }, o.y, o.dy);
  }
  static void run(auto&, const op::Silu<A, P>& o) {
    for_each(
        o.count, o.y, [](P x) { return x * sigmoid(x); }, o.x);
  }
  static void run(auto&, const op::SiluBackward<A, P>& o) {
    const auto gradient = [](P x, P dy) {
      const P s = sigmoid(x);
      return dy * s * (1 + x * (1 - s));
    };
    for_each(o.count, o.dx, gradient, o.x, o.dy);
  }
  static void run(auto&, const op::Gelu<A, P>& o) {
    for_each(
        o.count, o.y, [](P x) { return x * normal_cdf(x); }, o.x);
  }
  static void run(auto&, const op::GeluBackward<A, P>& o) {
    const auto gradient = [](P x, P dy) {
      return dy * (normal_cdf(x) + x * std::exp(-x * x / 2) * P(std::numbers::inv_sqrtpi / std::numbers::sqrt2));
    };
    for_each(o.count, o.dx, gradient, o.x, o.dy);
  }
  static void run(auto&, const op::Dropout<A, P>& o) {
    for (std::size_t i = 0; i < o.count; ++i)
      o.y.data[i] = static_cast<A>(o.x.data[i] * static_cast<P>(dropout_factor(o.p, o.stream, o.first + i)));
  }
  static void run(auto&, const op::DropPath<A, P>& o) {
    for (std::size_t image = 0, i = 0; image < static_cast<std::size_t>(o.n); ++image) {
      const P factor = static_cast<P>(dropout_factor(o.p, o.stream, image));
      for (std::size_t end = i + o.size; i < end; ++i) o.y.data[i] = static_cast<A>(o.x.data[i] * factor);
    }
  }

 private:
  static P sigmoid(P x) { return 1 / (1 + std::exp(-x)); }
  static P normal_cdf(P x) { return P(0.5) * std::erfc(-x / P(std::numbers::sqrt2)); }

  /// to[i] = f(from[i]...)
  static void for_each(std::size_t count, Out<A> to, auto f, const auto&... from) {
    for (std::size_t i = 0; i < count; ++i) to.data[i] = static_cast<A>(f(static_cast<P>(from.data[i])...));
  }
};

}  // namespace resnet
