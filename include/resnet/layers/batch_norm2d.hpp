// SPDX-License-Identifier: MIT
// Batch normalisation (Ioffe & Szegedy 2015, arXiv 1502.03167) with PyTorch's semantics.
//   forward   xhat = (x - mean) · inv_std, inv_std = 1 / sqrt(var + eps); y = weight · xhat + bias
//             mean and (biased) var go over n, h, w of the batch; running values move by `momentum` towards
//             mean and the unbiased variance
//   infer     the same with the running values
//   backward  dbias = Σ dy, dweight = Σ dy · xhat,
//             dx = weight · inv_std · (dy - dbias / rows - xhat · dweight / rows)
// With Statistics::running forward uses the running values too, and they stay: dx = weight · inv_std · dy.
// Saves x, mean and inv_std. The batch's statistics need n·h·w of at least 2 (PyTorch's rule; Error otherwise).
// BatchNormReLU is relu(norm(x)) in one operation, layers/residual_join.hpp what also adds a skip; all three have the same
// parameters and names.
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/layer.hpp>
#include <resnet/core/require.hpp>
#include <resnet/op/batch_norm.hpp>
#include <resnet/op/elementwise.hpp>

#include <cstdint>

namespace resnet {

namespace detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_one_value() {
  throw Error("BatchNorm2d: expected more than 1 value per channel in training, found 1");
}

/// What they have in common: y = activation(norm(x) + skip) and its gradients.
template <int Channels, class B>
struct BatchNorm {
  static constexpr double eps = 1e-5;
  static constexpr double momentum = 0.1;

  Tensor<B, Channels> weight = filled_with_ones();
  Tensor<B, Channels> bias;
  Tensor<B, Channels> running_mean;
  Tensor<B, Channels> running_var = filled_with_ones();
  std::int64_t num_batches_tracked = 0;
  Statistics statistics = Statistics::batch;  // in training

  using Backend = B;

  static constexpr Shape out(Shape in) { return in; }

  void initialize(auto& init) {
    init.constant(weight, 1), init.constant(bias, 0);
    init.constant(running_mean, 0), init.constant(running_var, 1);
    num_batches_tracked = 0;
  }

  template <Shape S>
  struct Saved {
    Batch<S, B> x;
    Scalars<Shape{Channels}, B> mean, inv_std;
  };

  static constexpr void visit(auto&& f, auto&... self) {
    f("weight", Role::scale, self.weight...);
    f("bias", Role::bias, self.bias...);
    f("running_mean", Role::buffer, self.running_mean...);
    f("running_var", Role::buffer, self.running_var...);
    f("num_batches_tracked", Role::buffer, self.num_batches_tracked...);
  }

 protected:
  template <class Layer, Shape S>
  constexpr Batch<S, B> forward_as(Context<B>& ctx, Batch<S, B> x, Batch<S, B> skip, op::Activation activation,
                                   Saved<S>& saved) {
    require_channels<Layer, S.c, Channels>(ctx);
    const int n = rows<S>(x.n());
    const auto mean = saved.mean = ctx.template make_scalars<Shape{Channels}>(1);
    const auto inv_std = saved.inv_std = ctx.template make_scalars<Shape{Channels}>(1);
    if (statistics == Statistics::running) {
      run<op::RunningStatistics>(ctx, {.channels = Channels,
                                       .eps = eps,
                                       .running_mean = running_mean,
                                       .running_var = running_var,
                                       .mean = mean,
                                       .inv_std = inv_std});
    } else {
      if (n < 2) throw_one_value();
      run<op::BatchStatistics>(ctx, {.rows = n,
                                     .channels = Channels,
                                     .eps = eps,
                                     .momentum = momentum,
                                     .x = x,
                                     .running_mean = running_mean,
                                     .running_var = running_var,
                                     .mean = mean,
                                     .inv_std = inv_std});
      ++num_batches_tracked;
    }
    Batch<S, B> y;
    if (skip.unique())
      y = skip;
    else
      y = ctx.template make<S>(x.n());
    run<op::Normalize>(ctx, {.rows = n,
                             .channels = Channels,
                             .x = x,
                             .weight = weight,
                             .bias = bias,
                             .mean = mean,
                             .inv_std = inv_std,
                             .skip = skip,
                             .activation = activation,
                             .y = y});
    saved.x = std::move(x);
    return y;
  }

  template <class Layer, Shape S>
  constexpr Batch<S, B> infer_as(Context<B>& ctx, Batch<S, B> x, Batch<S, B> skip, op::Activation activation) const {
    require_channels<Layer, S.c, Channels>(ctx);
    auto y = ctx.make_like(x);
    run<op::BatchNormInfer>(ctx, {.rows = rows<S>(x.n()),
                                  .channels = Channels,
                                  .eps = eps,
                                  .x = x,
                                  .weight = weight,
                                  .bias = bias,
                                  .running_mean = running_mean,
                                  .running_var = running_var,
                                  .skip = skip,
                                  .activation = activation,
                                  .y = y});
    return y;
  }

  /// y: what forward gave where it had a skip, whose gradient goes to dskip.
  template <Shape S>
  constexpr Batch<S, B> backward_as(Context<B>& ctx, Batch<S, B> dy, op::Activation activation, const Batch<S, B>& y,
                                    const Batch<S, B>& dskip, Saved<S>& saved, BatchNorm& grad) const {
    const auto x = take(saved.x, dy);
    const auto mean = std::move(saved.mean), inv_std = std::move(saved.inv_std);
    if (grad.weight.released()) return {};
    Batch<S, B> dx;
    if (dskip.n() > 0)
      dx = ctx.make_like(x);  // dy's memory may be dskip's
    else
      dx = ctx.make_like(dy);
    run<op::NormalizeBackward>(ctx, {.rows = rows<S>(dy.n()),
                                     .channels = Channels,
                                     .statistics = statistics,
                                     .x = x,
                                     .weight = weight,
                                     .bias = bias,
                                     .mean = mean,
                                     .inv_std = inv_std,
                                     .activation = activation,
                                     .y = y,
                                     .dy = dy,
                                     .dskip = dskip,
                                     .dx = dx,
                                     .dweight = grad.weight,
                                     .dbias = grad.bias});
    return dx;
  }

 private:
  template <Shape S>
  static constexpr int rows(int n) {
    return require_images(n) * S.h * S.w;
  }
  static constexpr Tensor<B, Channels> filled_with_ones() {
    Tensor<B, Channels> t;
    B::fill(t.size(), 1, t.data());
    return t;
  }
};

}  // namespace detail

template <int Channels, class B>
struct BatchNorm2d : detail::BatchNorm<Channels, B> {
  template <class Other>
  using on = BatchNorm2d<Channels, Other>;
  template <Shape S>
  using Saved = typename detail::BatchNorm<Channels, B>::template Saved<S>;

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    return this->template forward_as<BatchNorm2d>(ctx, std::move(x), {}, op::Activation::none, saved);
  }
  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    return this->template infer_as<BatchNorm2d>(ctx, std::move(x), {}, op::Activation::none);
  }
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, BatchNorm2d& grad) const {
    return this->backward_as(ctx, std::move(dy), op::Activation::none, {}, {}, saved, grad);
  }
};

template <int Channels, class B>
struct BatchNormReLU : detail::BatchNorm<Channels, B> {
  template <class Other>
  using on = BatchNormReLU<Channels, Other>;
  template <Shape S>
  using Saved = typename detail::BatchNorm<Channels, B>::template Saved<S>;

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    return this->template forward_as<BatchNormReLU>(ctx, std::move(x), {}, op::Activation::relu, saved);
  }
  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    return this->template infer_as<BatchNormReLU>(ctx, std::move(x), {}, op::Activation::relu);
  }
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, BatchNormReLU& grad) const {
    return this->backward_as(ctx, std::move(dy), op::Activation::relu, {}, {}, saved, grad);
  }
};

}  // namespace resnet
