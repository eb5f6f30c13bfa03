// SPDX-License-Identifier: MIT
// The end of a residual block whose branch ends in a BatchNorm: normalization, addition and ReLU in one operation, with
// stochastic depth (layers/drop_path.hpp) where its p is set.
//   forward   y = relu(drop_path(norm(x)) + skip)
//   backward  dskip = dy where y > 0, else 0; dx = norm.backward(drop_path.backward(dskip))
// x, skip and y have one shape. The parameters and their names are those of BatchNorm2d. Saves what it saves, and y.
#pragma once

#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/drop_path.hpp>
#include <resnet/op/elementwise.hpp>

namespace resnet {

template <int Channels, class B>
struct ResidualJoin : detail::BatchNorm<Channels, B> {
  using Norm = detail::BatchNorm<Channels, B>;

  DropPath<B> drop_path;

  template <class Other>
  using on = ResidualJoin<Channels, Other>;

  template <Shape S>
  struct Saved {
    typename Norm::template Saved<S> norm;
    typename DropPath<B>::template Saved<S> drop_path;
    Batch<S, B> y;
  };
  template <Shape S>
  struct Gradients {
    Batch<S, B> dx, dskip;
  };

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, Batch<S, B> skip, Saved<S>& saved) {
    require_channels<ResidualJoin, S.c, Channels>(ctx);
    if (drop_path.p == 0)
      return saved.y = Batch<S, B>(detail::batch_norm_forward<B>(ctx, joined<S>, *this, this->tensors(), std::move(x),
                                                                 std::move(skip), saved.norm));
    Batch<S, B> y(detail::batch_norm_forward<B>(ctx, apart<S>, *this, this->tensors(), std::move(x), {}, saved.norm));
    y = drop_path.forward(ctx, std::move(y), saved.drop_path);
    run<op::Add>(ctx, {.count = y.size(), .a = y, .b = skip, .y = y});
    run<op::Relu>(ctx, {.count = y.size(), .x = y, .y = y});
    return saved.y = y;
  }

  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x, Batch<S, B> skip) const {
    require_channels<ResidualJoin, S.c, Channels>(ctx);
    return Batch<S, B>(detail::batch_norm_infer<B>(ctx, joined<S>, this->tensors(), std::move(x), std::move(skip)));
  }

  template <Shape S>
  constexpr Gradients<S> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, ResidualJoin& grad) const {
    const auto y = take(saved.y, dy);
    auto dskip = ctx.make_like(dy);
    if (drop_path.p == 0 && !grad.weight.released()) {
      Batch<S, B> dx(detail::batch_norm_backward<B>(ctx, joined<S>, this->statistics, this->tensors(), std::move(dy), y,
                                                    dskip, saved.norm, grad.weight, grad.bias));
      return {std::move(dx), std::move(dskip)};
    }
    run<op::ReluBackward>(ctx, {.count = dskip.size(), .y = y, .dy = dy, .dx = dskip});
    auto dnormed = drop_path.backward(ctx, dskip, saved.drop_path, grad.drop_path);
    Batch<S, B> dx(detail::batch_norm_backward<B>(ctx, apart<S>, this->statistics, this->tensors(), std::move(dnormed),
                                                  {}, {}, saved.norm, grad.weight, grad.bias));
    return {std::move(dx), std::move(dskip)};  // the shortcut is trained where the branch is not
  }

  static constexpr void visit(auto&& f, auto&... self) {
    Norm::visit(f, self...);
    f("drop_path", self.drop_path...);
  }

 private:
  template <Shape S>
  static constexpr detail::BatchNormForm joined{S.h * S.w, op::Activation::relu};
  template <Shape S>
  static constexpr detail::BatchNormForm apart{S.h * S.w, op::Activation::none};
};

}  // namespace resnet
