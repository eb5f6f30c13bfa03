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

namespace detail {

// With their shape as numbers, not inlined: a network compiles them once.

template <class B>
[[gnu::noinline]] constexpr BatchBase<B> join_forward(Context<B>& ctx, int pixels, BatchNormMode& mode,
                                                      BatchNormTensors<TensorBase<B>> norm, double p,
                                                      RandomStream& saved_stream, BatchBase<B> x, BatchBase<B> skip,
                                                      BatchNormSaved<B>& saved) {
  if (p == 0)
    return batch_norm_forward<B>(ctx, {pixels, op::Activation::relu}, mode, norm, std::move(x), std::move(skip), saved);
  const std::size_t size = extent(pixels) * norm.weight.size();
  auto y = batch_norm_forward<B>(ctx, {pixels, op::Activation::none}, mode, norm, std::move(x), {}, saved);
  saved_stream = ctx.next_stream();
  y = drop_path<B>(ctx, size, p, saved_stream, std::move(y));
  const std::size_t count = extent(y.n()) * size;
  run<op::Add>(ctx, {.count = count, .a = y, .b = skip, .y = y});
  run<op::Relu>(ctx, {.count = count, .x = y, .y = y});
  return y;
}

template <class B>
struct JoinGradients {
  BatchBase<B> dx, dskip;
};
template <class B>
[[gnu::noinline]] constexpr JoinGradients<B> join_backward(Context<B>& ctx, int pixels, Statistics statistics,
                                                           BatchNormTensors<const TensorBase<B>> norm, double p,
                                                           const RandomStream& stream, BatchBase<B> dy,
                                                           BatchBase<B>& saved_y, BatchNormSaved<B>& saved,
                                                           TensorBase<B>& dweight, TensorBase<B>& dbias) {
  const std::size_t size = extent(pixels) * norm.weight.size();
  const auto y = take(saved_y, dy);
  auto dskip = ctx.make_images_like(dy, size);
  if (p == 0 && !dweight.released()) {
    auto dx = batch_norm_backward<B>(ctx, {pixels, op::Activation::relu}, statistics, norm, std::move(dy), y, dskip,
                                     saved, dweight, dbias);
    return {std::move(dx), std::move(dskip)};
  }
  run<op::ReluBackward>(ctx, {.count = extent(dskip.n()) * size, .y = y, .dy = dy, .dx = dskip});
  auto dnormed = dskip;
  if (p != 0) dnormed = drop_path<B>(ctx, size, p, stream, std::move(dnormed));
  auto dx = batch_norm_backward<B>(ctx, {pixels, op::Activation::none}, statistics, norm, std::move(dnormed), {}, {},
                                   saved, dweight, dbias);
  return {std::move(dx), std::move(dskip)};  // the shortcut is trained where the branch is not
}

}  // namespace detail

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
    return saved.y =
               Batch<S, B>(detail::join_forward<B>(ctx, S.h * S.w, *this, this->tensors(), drop_path.p,
                                                   saved.drop_path.stream, std::move(x), std::move(skip), saved.norm));
  }

  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x, Batch<S, B> skip) const {
    require_channels<ResidualJoin, S.c, Channels>(ctx);
    return Batch<S, B>(detail::batch_norm_infer<B>(ctx, {S.h * S.w, op::Activation::relu}, this->tensors(),
                                                   std::move(x), std::move(skip)));
  }

  template <Shape S>
  constexpr Gradients<S> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, ResidualJoin& grad) const {
    auto end =
        detail::join_backward<B>(ctx, S.h * S.w, this->statistics, this->tensors(), drop_path.p, saved.drop_path.stream,
                                 std::move(dy), saved.y, saved.norm, grad.weight, grad.bias);
    return {Batch<S, B>(std::move(end.dx)), Batch<S, B>(std::move(end.dskip))};
  }

  static constexpr void visit(auto&& f, auto&... self) {
    Norm::visit(f, self...);
    f("drop_path", self.drop_path...);
  }
};

}  // namespace resnet
