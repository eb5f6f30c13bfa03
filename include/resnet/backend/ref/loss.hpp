// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/op/loss.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace resnet {

template <class P, class A = P>
struct RefLoss {
  static void run(auto&, const op::OneHot<A, P>& o) {
    for (int r = 0; r < o.rows; ++r)
      for (int c = 0; c < o.classes; ++c)
        o.target.data[at(o, r) + static_cast<std::size_t>(c)] = static_cast<P>(c == o.labels.data[r] ? o.on : o.off);
  }

  static void run(auto&, const op::SoftmaxCrossEntropy<A, P>& o) {
    double loss = 0;
    for (int r = 0; r < o.rows; ++r) {
      const A* logits = o.logits.data + at(o, r);
      const P* target = o.target.data + at(o, r);
      P* probabilities = o.probabilities.data + at(o, r);
      const double largest = *std::max_element(logits, logits + o.classes);  // so that exp can't overflow
      double sum = 0;
      for (int c = 0; c < o.classes; ++c) sum += std::exp(logits[c] - largest);
      const double log_sum = largest + std::log(sum);
      for (int c = 0; c < o.classes; ++c) {
        probabilities[c] = static_cast<P>(std::exp(logits[c] - log_sum));
        loss -= target[c] * (logits[c] - log_sum);
      }
    }
    if (o.loss) *o.loss.data = loss / o.rows;
  }

  // d/dlogit_c of -Σ_k t_k log softmax_k = p_c·Σt - t_c; targets sum to 1 for labels, not for all mixtures.
  static void run(auto&, const op::SoftmaxCrossEntropyBackward<A, P>& o) {
    for (int r = 0; r < o.rows; ++r) {
      const P *probabilities = o.probabilities.data + at(o, r), *target = o.target.data + at(o, r);
      double mass = 0;
      for (int c = 0; c < o.classes; ++c) mass += target[c];
      for (int c = 0; c < o.classes; ++c)
        o.dlogits.data[at(o, r) + static_cast<std::size_t>(c)] =
            static_cast<A>((probabilities[c] * mass - target[c]) * o.scale / o.rows);
    }
  }

  static void run(auto&, const op::Count<A, P>& o) {
    Tally& tally = *o.tally.data;
    if (!std::isfinite(*o.loss.data)) tally.diverged = 1;
    if (tally.diverged) return;
    tally.metrics.loss_sum += *o.loss.data * o.rows;
    tally.metrics.images += o.rows;
    for (int r = 0; r < o.rows; ++r) tally.metrics.correct += largest(o, r) == o.labels.data[r];
  }

  static void run(auto&, const op::Argmax<A, P>& o) {
    for (int r = 0; r < o.rows; ++r) o.labels.data[r] = largest(o, r);
  }

 private:
  /// The first element of a row.
  static std::size_t at(const auto& o, int row) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(o.classes);
  }
  /// The class of a row's first largest logit.
  static int largest(const auto& o, int row) {
    const A* logits = o.logits.data + at(o, row);
    return static_cast<int>(std::max_element(logits, logits + o.classes) - logits);
  }
};

}  // namespace resnet
