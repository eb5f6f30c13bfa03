// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/op/parameters.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace resnet {

template <class P, class A = P>
struct RefParameters {
  static void run(auto&, const op::SgdStep<A, P>& o) {
    if (stopped(o)) return;
    const P lr = static_cast<P>(o.lr), momentum = static_cast<P>(o.momentum), decay = static_cast<P>(o.weight_decay);
    for (std::size_t i = 0; i < o.count; ++i) {
      P &v = o.velocity.data[i], &w = o.weight.data[i];
      const P g = o.gradient.data[i] + decay * w;
      v = momentum * v + g;
      w -= lr * (o.nesterov ? g + momentum * v : v);
    }
  }

  static void run(auto&, const op::AdamStep<A, P>& o) {
    if (stopped(o)) return;
    // Bias corrections 1 - beta^step.
    const auto step = static_cast<double>(o.step);
    const P step_size = static_cast<P>(o.lr / (1 - std::pow(o.beta1, step))),
            inv_sqrt_correction2 = static_cast<P>(1 / std::sqrt(1 - std::pow(o.beta2, step)));
    const P beta1 = static_cast<P>(o.beta1), beta2 = static_cast<P>(o.beta2), eps = static_cast<P>(o.eps);
    for (std::size_t i = 0; i < o.count; ++i) {
      P g = o.gradient.data[i], &m = o.mean.data[i], &v = o.square.data[i], &w = o.weight.data[i];
      if (o.decoupled)
        w -= static_cast<P>(o.lr * o.weight_decay) * w;
      else
        g += static_cast<P>(o.weight_decay) * w;
      m = beta1 * m + static_cast<P>(1 - o.beta1) * g;
      v = beta2 * v + static_cast<P>(1 - o.beta2) * g * g;
      w -= step_size * m / (std::sqrt(v) * inv_sqrt_correction2 + eps);
    }
  }

  static void run(auto&, const op::RmsPropStep<A, P>& o) {
    if (stopped(o)) return;
    const P alpha = static_cast<P>(o.alpha);
    for (std::size_t i = 0; i < o.count; ++i) {
      P &square = o.square.data[i], &v = o.velocity.data[i], &w = o.weight.data[i];
      const P g = o.gradient.data[i] + static_cast<P>(o.weight_decay) * w;
      square = alpha * square + static_cast<P>(1 - o.alpha) * g * g;
      v = static_cast<P>(o.momentum) * v + g / (std::sqrt(square) + static_cast<P>(o.eps));
      w -= static_cast<P>(o.lr) * v;
    }
  }

  static void run(auto&, const op::Clamp<A, P>& o) {
    const P least = static_cast<P>(o.low), most = static_cast<P>(o.high);
    for (std::size_t i = 0; i < o.count; ++i) {
      P& y = o.y.data[i];
      y = y < least ? least : y > most ? most : y;
    }
  }
  static void run(auto&, const op::Lerp<A, P>& o) {
    if (stopped(o)) return;
    for (std::size_t i = 0; i < o.count; ++i) o.y.data[i] += static_cast<P>(o.t) * (o.x.data[i] - o.y.data[i]);
  }

  static void run(auto&, const op::SumOfSquares<A, P>& o) {
    double sum = 0;
    for (std::size_t i = 0; i < o.count; ++i) sum += double{o.x.data[i]} * double{o.x.data[i]};
    *o.sum.data = sum;
  }
  static void run(auto&, const op::LimitNorm<A, P>& o) {
    const double factor = o.max_norm / (std::sqrt(*o.squares.data) + 1e-6);
    if (factor < 1)
      for (std::size_t i = 0; i < o.count; ++i) o.y.data[i] = static_cast<P>(o.y.data[i] * factor);
  }

  static void run(auto&, const op::Fill<A, P>& o) { std::fill_n(o.y.data, o.count, static_cast<P>(o.value)); }
  static void run(auto&, const op::Copy<A, P>& o) {
    if (!stopped(o)) std::copy_n(o.x.data, o.count, o.y.data);
  }

  static void run(auto&, const op::FillNormal<A, P>& o) {
    for (std::size_t i = 0; i < o.count; ++i) o.y.data[i] = static_cast<P>(o.std * normal_at(o.stream, o.first + i));
  }
  static void run(auto&, const op::FillUniform<A, P>& o) {
    for (std::size_t i = 0; i < o.count; ++i)
      o.y.data[i] = static_cast<P>(o.low + (o.high - o.low) * uniform_at(o.stream, o.first + i));
  }

 private:
  static bool stopped(const auto& o) { return o.guard && o.guard.data->diverged; }
};

}  // namespace resnet
