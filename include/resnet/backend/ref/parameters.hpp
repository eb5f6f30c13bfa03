// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/op/parameters.hpp>

#include <cmath>
#include <cstddef>

namespace resnet {

template <class T>
struct RefParameters {
  static void run(auto&, const op::SgdStep<T, T>& o) {
    const T lr = static_cast<T>(o.lr), momentum = static_cast<T>(o.momentum), decay = static_cast<T>(o.weight_decay);
    for (std::size_t i = 0; i < o.count; ++i) {
      T &v = o.velocity.data[i], &w = o.weight.data[i];
      const T g = o.gradient.data[i] + decay * w;
      v = momentum * v + g;
      w -= lr * (o.nesterov ? g + momentum * v : v);
    }
  }

  static void run(auto&, const op::AdamStep<T, T>& o) {
    // Bias corrections 1 - beta^step.
    const auto step = static_cast<double>(o.step);
    const T step_size = static_cast<T>(o.lr / (1 - std::pow(o.beta1, step))),
            inv_sqrt_correction2 = static_cast<T>(1 / std::sqrt(1 - std::pow(o.beta2, step)));
    const T beta1 = static_cast<T>(o.beta1), beta2 = static_cast<T>(o.beta2), eps = static_cast<T>(o.eps);
    for (std::size_t i = 0; i < o.count; ++i) {
      T g = o.gradient.data[i], &m = o.mean.data[i], &v = o.square.data[i], &w = o.weight.data[i];
      if (o.decoupled)
        w -= static_cast<T>(o.lr * o.weight_decay) * w;
      else
        g += static_cast<T>(o.weight_decay) * w;
      m = beta1 * m + static_cast<T>(1 - o.beta1) * g;
      v = beta2 * v + static_cast<T>(1 - o.beta2) * g * g;
      w -= step_size * m / (std::sqrt(v) * inv_sqrt_correction2 + eps);
    }
  }

  static void run(auto&, const op::RmsPropStep<T, T>& o) {
    const T alpha = static_cast<T>(o.alpha);
    for (std::size_t i = 0; i < o.count; ++i) {
      T &square = o.square.data[i], &v = o.velocity.data[i], &w = o.weight.data[i];
      const T g = o.gradient.data[i] + static_cast<T>(o.weight_decay) * w;
      square = alpha * square + static_cast<T>(1 - o.alpha) * g * g;
      v = static_cast<T>(o.momentum) * v + g / (std::sqrt(square) + static_cast<T>(o.eps));
      w -= static_cast<T>(o.lr) * v;
    }
  }

  static void run(auto&, const op::Scale<T, T>& o) {
    for (std::size_t i = 0; i < o.count; ++i) o.y.data[i] = static_cast<T>(o.y.data[i] * o.factor);
  }
  static void run(auto&, const op::Clamp<T, T>& o) {
    const T least = static_cast<T>(o.low), most = static_cast<T>(o.high);
    for (std::size_t i = 0; i < o.count; ++i) {
      T& y = o.y.data[i];
      y = y < least ? least : y > most ? most : y;
    }
  }
  static void run(auto&, const op::Lerp<T, T>& o) {
    for (std::size_t i = 0; i < o.count; ++i) o.y.data[i] += static_cast<T>(o.t) * (o.x.data[i] - o.y.data[i]);
  }

  static void run(auto&, const op::FillNormal<T, T>& o) {
    for (std::size_t i = 0; i < o.count; ++i) o.y.data[i] = static_cast<T>(o.std * normal_at(o.stream, o.first + i));
  }
  static void run(auto&, const op::FillUniform<T, T>& o) {
    for (std::size_t i = 0; i < o.count; ++i)
      o.y.data[i] = static_cast<T>(o.low + (o.high - o.low) * uniform_at(o.stream, o.first + i));
  }

  static double sum_of_squares(auto&, std::size_t n, const T* x) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += double{x[i]} * double{x[i]};
    return sum;
  }
};

}  // namespace resnet
