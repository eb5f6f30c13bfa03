// SPDX-License-Identifier: MIT
// The update rules of torch.optim, for one parameter tensor.
#pragma once

#include <resnet/core/backend.hpp>

#include <cmath>

namespace resnet {

template <class T>
struct RefOptimizer {
  static void sgd_step(auto&, std::size_t n, const SgdStep& s, const T* gradient, T* velocity, T* w) {
    for (std::size_t i = 0; i < n; ++i) sgd_update(s, gradient[i], velocity[i], w[i]);
  }
  static void adam_step(auto&, std::size_t n, const AdamStep& s, const T* gradient, T* mean, T* square, T* w) {
    const AdamScale scale(s);
    for (std::size_t i = 0; i < n; ++i) adam_update(s, scale, gradient[i], mean[i], square[i], w[i]);
  }
  static void rmsprop_step(auto&, std::size_t n, const RmsPropStep& s, const T* gradient, T* square, T* velocity,
                           T* w) {
    for (std::size_t i = 0; i < n; ++i) rmsprop_update(s, gradient[i], square[i], velocity[i], w[i]);
  }

 protected:
  /// g += decay·w; v = momentum·v + g; step along v, or along g + momentum·v (Nesterov).
  static void sgd_update(const SgdStep& s, T g, T& v, T& w) {
    const T lr = static_cast<T>(s.lr), momentum = static_cast<T>(s.momentum);
    g += static_cast<T>(s.weight_decay) * w;
    v = momentum * v + g;
    w -= lr * (s.nesterov ? g + momentum * v : v);
  }

  /// Bias corrections 1 - beta^step (Kingma & Ba 2014, algorithm 1).
  struct AdamScale {
    double step_size, inv_sqrt_correction2;
    explicit AdamScale(const AdamStep& s)
        : step_size(s.lr / (1 - std::pow(s.beta1, static_cast<double>(s.step)))),
          inv_sqrt_correction2(1 / std::sqrt(1 - std::pow(s.beta2, static_cast<double>(s.step)))) {}
  };
  static void adam_update(const AdamStep& s, const AdamScale& scale, T g, T& m, T& v, T& w) {
    const T beta1 = static_cast<T>(s.beta1), beta2 = static_cast<T>(s.beta2);
    if (s.decoupled)
      w -= static_cast<T>(s.lr * s.weight_decay) * w;
    else
      g += static_cast<T>(s.weight_decay) * w;
    m = beta1 * m + static_cast<T>(1 - s.beta1) * g;
    v = beta2 * v + static_cast<T>(1 - s.beta2) * g * g;
    w -= static_cast<T>(scale.step_size) * m /
         (std::sqrt(v) * static_cast<T>(scale.inv_sqrt_correction2) + static_cast<T>(s.eps));
  }

  static void rmsprop_update(const RmsPropStep& s, T g, T& square, T& v, T& w) {
    const T alpha = static_cast<T>(s.alpha);
    g += static_cast<T>(s.weight_decay) * w;
    square = alpha * square + static_cast<T>(1 - s.alpha) * g * g;
    v = static_cast<T>(s.momentum) * v + g / (std::sqrt(square) + static_cast<T>(s.eps));
    w -= static_cast<T>(s.lr) * v;
  }
};

}  // namespace resnet
