// SPDX-License-Identifier: MIT
// Dropout (Srivastava et al. 2014), scaled at training time so that inference does nothing.
//   forward   y = x · mask / (1 - p), mask = 0 with probability p, else 1
//   backward  dx = dy · mask / (1 - p)
// Any shape. Saves only the name of its random stream: the mask is drawn again in backward. With p = 0 it does nothing
// and draws nothing.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/op/elementwise.hpp>

namespace resnet {

template <class B>
struct Dropout {
  double p = 0.5;  // probability of zero, in [0, 1)

  using Backend = B;
  template <class Other>
  using on = Dropout<Other>;

  static constexpr Shape out(Shape in) { return in; }

  template <Shape S>
  struct Saved {
    RandomStream stream;
  };

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) const {
    if (p == 0) return x;
    saved.stream = ctx.next_stream();
    return apply(ctx, std::move(x), saved.stream);
  }

  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>&, Batch<S, B> x) const {
    return x;
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, Dropout&) const {
    if (p == 0) return dy;
    return apply(ctx, std::move(dy), saved.stream);
  }

  static constexpr void visit(auto&&, auto&...) {}

 private:
  template <Shape S>
  constexpr Batch<S, B> apply(Context<B>& ctx, Batch<S, B> x, RandomStream stream) const {
    auto y = ctx.make_like(x);
    const double probability = p;  // (g++ 12 finds no value of a member in the braces, in constant evaluation)
    run<op::Dropout>(ctx, {.count = x.size(), .p = probability, .stream = stream, .x = x, .y = y});
    return y;
  }
};

/// Gives every Dropout of the model the probability p. Returns how many there are.
template <class Model>
int set_dropout(Model& model, double p) {
  const auto found = layers_of<Dropout<typename Model::Backend>>(model);
  for (auto* layer : found) layer->p = p;
  return static_cast<int>(found.size());
}

}  // namespace resnet
