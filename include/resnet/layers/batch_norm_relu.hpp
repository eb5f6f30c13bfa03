// SPDX-License-Identifier: MIT
// relu(norm(x)) as one layer for compose/, in one operation: BatchNorm2d's parameters, names and Saved.
#pragma once

#include <resnet/layers/batch_norm2d.hpp>

namespace resnet {

template <int Channels, class B>
struct BatchNormReLU : BatchNorm2d<Channels, B> {
  using Norm = BatchNorm2d<Channels, B>;
  template <class Other>
  using on = BatchNormReLU<Channels, Other>;

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, SavedOf<Norm, S>& saved) {
    return this->forward_relu(ctx, std::move(x), saved);
  }
  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    return this->infer_relu(ctx, std::move(x));
  }
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, SavedOf<Norm, S>& saved, BatchNormReLU& grad) const {
    return this->backward_relu(ctx, std::move(dy), saved, grad);
  }
};

}  // namespace resnet
