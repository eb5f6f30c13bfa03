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
#include <resnet/core/once.hpp>
#include <resnet/core/require.hpp>
#include <resnet/op/batch_norm.hpp>

#include <cstdint>

namespace resnet {

/// Of a BatchNorm2d, whatever its channels: layers_of<BatchNormMode>(model).
struct BatchNormMode {
  std::int64_t num_batches_tracked = 0;
  Statistics statistics = Statistics::batch;  // in training
};

namespace detail {

[[noreturn]] RESNET_ONCE void throw_one_value();

inline constexpr double batch_norm_eps = 1e-5, batch_norm_momentum = 0.1;

template <class B>
struct BatchNormSaved {
  BatchBase<B> x;
  BatchBase<B, typename B::Scalar> mean, inv_std;
};
/// Tensor is TensorBase<B> or const.
template <class Tensor>
struct BatchNormTensors {
  Tensor &weight, &bias, &running_mean, &running_var;
};
struct BatchNormForm {
  int pixels;  // of an image
  op::Activation activation;
};

// The passes with their shape as numbers, not inlined: a network compiles them once and not for each of its BatchNorms.

template <class B>
[[gnu::noinline]] constexpr BatchBase<B> batch_norm_forward(Context<B>& ctx, BatchNormForm form, BatchNormMode& mode,
                                                            BatchNormTensors<TensorBase<B>> norm, BatchBase<B> x,
                                                            BatchBase<B> skip, BatchNormSaved<B>& saved) {
  const int rows = require_images(x.n()) * form.pixels, channels = static_cast<int>(norm.weight.size());
  const auto mean = saved.mean = ctx.template make_images<typename B::Scalar>(1, norm.weight.size());
  const auto inv_std = saved.inv_std = ctx.template make_images<typename B::Scalar>(1, norm.weight.size());
  if (mode.statistics == Statistics::running) {
    run<op::RunningStatistics>(ctx, {.channels = channels,
                                     .eps = batch_norm_eps,
                                     .running_mean = norm.running_mean,
                                     .running_var = norm.running_var,
                                     .mean = mean,
                                     .inv_std = inv_std});
  } else {
    if (rows < 2) throw_one_value();
    run<op::BatchStatistics>(ctx, {.rows = rows,
                                   .channels = channels,
                                   .eps = batch_norm_eps,
                                   .momentum = batch_norm_momentum,
                                   .x = x,
                                   .running_mean = norm.running_mean,
                                   .running_var = norm.running_var,
                                   .mean = mean,
                                   .inv_std = inv_std});
    ++mode.num_batches_tracked;
  }
  BatchBase<B> y;
  if (skip.unique())
    y = skip;
  else
    y = ctx.make_images(x.n(), extent(form.pixels, channels));
  run<op::Normalize>(ctx, {.rows = rows,
                           .channels = channels,
                           .x = x,
                           .weight = norm.weight,
                           .bias = norm.bias,
                           .mean = mean,
                           .inv_std = inv_std,
                           .skip = skip,
                           .activation = form.activation,
                           .y = y});
  saved.x = std::move(x);
  return y;
}

template <class B>
[[gnu::noinline]] constexpr BatchBase<B> batch_norm_infer(Context<B>& ctx, BatchNormForm form,
                                                          BatchNormTensors<const TensorBase<B>> norm, BatchBase<B> x,
                                                          BatchBase<B> skip) {
  const int rows = require_images(x.n()) * form.pixels, channels = static_cast<int>(norm.weight.size());
  auto y = ctx.make_images_like(x, extent(form.pixels, channels));
  run<op::BatchNormInfer>(ctx, {.rows = rows,
                                .channels = channels,
                                .eps = batch_norm_eps,
                                .x = x,
                                .weight = norm.weight,
                                .bias = norm.bias,
                                .running_mean = norm.running_mean,
                                .running_var = norm.running_var,
                                .skip = skip,
                                .activation = form.activation,
                                .y = y});
  return y;
}

template <class B>
[[gnu::noinline]] constexpr BatchBase<B> batch_norm_backward(Context<B>& ctx, BatchNormForm form, Statistics statistics,
                                                             BatchNormTensors<const TensorBase<B>> norm,
                                                             BatchBase<B> dy, const BatchBase<B>& y,
                                                             const BatchBase<B>& dskip, BatchNormSaved<B>& saved,
                                                             TensorBase<B>& dweight, TensorBase<B>& dbias) {
  const auto x = take(saved.x, dy);
  const auto mean = std::move(saved.mean), inv_std = std::move(saved.inv_std);
  if (dweight.released()) return {};
  const int rows = require_images(dy.n()) * form.pixels, channels = static_cast<int>(norm.weight.size());
  const BatchBase<B>& place = dskip.n() > 0 ? x : dy;  // dy's memory may be dskip's
  auto dx = ctx.make_images_like(place, extent(form.pixels, channels));
  run<op::NormalizeBackward>(ctx, {.rows = rows,
                                   .channels = channels,
                                   .statistics = statistics,
                                   .x = x,
                                   .weight = norm.weight,
                                   .bias = norm.bias,
                                   .mean = mean,
                                   .inv_std = inv_std,
                                   .activation = form.activation,
                                   .y = y,
                                   .dy = dy,
                                   .dskip = dskip,
                                   .dx = dx,
                                   .dweight = dweight,
                                   .dbias = dbias});
  return dx;
}

/// What they have in common: y = activation(norm(x) + skip) and its gradients.
template <int Channels, class B>
struct BatchNorm : BatchNormMode {
  static constexpr double eps = batch_norm_eps, momentum = batch_norm_momentum;

  Tensor<B, Channels> weight{1};
  Tensor<B, Channels> bias;
  Tensor<B, Channels> running_mean;
  Tensor<B, Channels> running_var{1};

  using Backend = B;
  using Kind = BatchNormMode;

  static constexpr Shape out(Shape in) { return in; }

  void initialize(auto& init) {
    init.constant(weight, 1), init.constant(bias, 0);
    init.constant(running_mean, 0), init.constant(running_var, 1);
    num_batches_tracked = 0;
  }

  template <Shape S>
  struct Saved : BatchNormSaved<B> {};

  static constexpr void visit(auto&& f, auto&... self) {
    f("weight", Role::scale, self.weight...);
    f("bias", Role::bias, self.bias...);
    f("running_mean", Role::buffer, self.running_mean...);
    f("running_var", Role::buffer, self.running_var...);
    f("num_batches_tracked", Role::buffer, self.num_batches_tracked...);
  }

 protected:
  constexpr BatchNormTensors<TensorBase<B>> tensors() { return {weight, bias, running_mean, running_var}; }
  constexpr BatchNormTensors<const TensorBase<B>> tensors() const { return {weight, bias, running_mean, running_var}; }
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
    require_channels<BatchNorm2d, S.c, Channels>(ctx);
    return Batch<S, B>(detail::batch_norm_forward<B>(ctx, {S.h * S.w, op::Activation::none}, *this, this->tensors(),
                                                     std::move(x), {}, saved));
  }
  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    require_channels<BatchNorm2d, S.c, Channels>(ctx);
    return Batch<S, B>(
        detail::batch_norm_infer<B>(ctx, {S.h * S.w, op::Activation::none}, this->tensors(), std::move(x), {}));
  }
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, BatchNorm2d& grad) const {
    return Batch<S, B>(detail::batch_norm_backward<B>(ctx, {S.h * S.w, op::Activation::none}, this->statistics,
                                                      this->tensors(), std::move(dy), {}, {}, saved, grad.weight,
                                                      grad.bias));
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
    require_channels<BatchNormReLU, S.c, Channels>(ctx);
    return Batch<S, B>(detail::batch_norm_forward<B>(ctx, {S.h * S.w, op::Activation::relu}, *this, this->tensors(),
                                                     std::move(x), {}, saved));
  }
  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    require_channels<BatchNormReLU, S.c, Channels>(ctx);
    return Batch<S, B>(
        detail::batch_norm_infer<B>(ctx, {S.h * S.w, op::Activation::relu}, this->tensors(), std::move(x), {}));
  }
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, BatchNormReLU& grad) const {
    return Batch<S, B>(detail::batch_norm_backward<B>(ctx, {S.h * S.w, op::Activation::relu}, this->statistics,
                                                      this->tensors(), std::move(dy), {}, {}, saved, grad.weight,
                                                      grad.bias));
  }
};

}  // namespace resnet

#ifdef RESNET_BODIES

namespace resnet {

namespace detail {

RESNET_ONCE void throw_one_value() {
  throw Error("BatchNorm2d: expected more than 1 value per channel in training, found 1");
}

}  // namespace detail

}  // namespace resnet

#endif  // RESNET_BODIES
