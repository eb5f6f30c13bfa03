// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace resnet {

template <class T>
struct RefLoss {
  static void one_hot(auto&, int rows, int classes, const int* labels, double on, double off,
                      T* target) {  // (rows, classes)
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < classes; ++c) *target++ = static_cast<T>(c == labels[r] ? on : off);
  }

  static double softmax_cross_entropy_forward(auto&, int rows, int classes, const T* logits,
                                              const T* target,     // (rows, classes)
                                              T* probabilities) {  // (rows, classes)
    double loss = 0;
    for (int r = 0; r < rows; ++r, logits += classes, target += classes, probabilities += classes) {
      const double largest = *std::max_element(logits, logits + classes);  // so that exp can't overflow
      double sum = 0;
      for (int c = 0; c < classes; ++c) sum += std::exp(logits[c] - largest);
      const double log_sum = largest + std::log(sum);
      for (int c = 0; c < classes; ++c) {
        probabilities[c] = static_cast<T>(std::exp(logits[c] - log_sum));
        loss -= target[c] * (logits[c] - log_sum);
      }
    }
    return loss;
  }

  // d/dlogit_c of -Σ_k t_k log softmax_k = p_c·Σt - t_c; targets sum to 1 for labels, not for all mixtures.
  static void softmax_cross_entropy_backward(auto&, int rows, int classes, const T* probabilities, const T* target,
                                             T* dlogits) {
    for (int r = 0; r < rows; ++r, probabilities += classes, target += classes, dlogits += classes) {
      double mass = 0;
      for (int c = 0; c < classes; ++c) mass += target[c];
      for (int c = 0; c < classes; ++c) dlogits[c] = static_cast<T>((probabilities[c] * mass - target[c]) / rows);
    }
  }

  static void argmax(auto&, int rows, int classes, const T* logits, int* labels) {
    for (int r = 0; r < rows; ++r, logits += classes)
      labels[r] = static_cast<int>(std::max_element(logits, logits + classes) - logits);
  }
};

}  // namespace resnet
