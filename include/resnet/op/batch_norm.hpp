// SPDX-License-Identifier: MIT
// The operations of batch normalisation. Statistics first, since they need all of x before the first result; then the
// result with what follows it in one sweep, because fetching x again costs more than computing it.
#pragma once

#include <resnet/op/operand.hpp>
#include <resnet/op/run.hpp>

#include <cstddef>
#include <string_view>

namespace resnet {

/// What BatchNorm2d normalises with in training: the batch's mean and variance, which move the running ones, or the
/// running ones, which are constants then.
enum class Statistics { batch, running };

namespace op {

/// mean and inv_std = 1 / sqrt(variance + eps) of each channel. The running ones move by `momentum` towards mean and
/// unbiased variance. Rows are n·h·w, 2 or more.
template <class A, class P>
struct BatchStatistics {
  int rows, channels;
  double eps, momentum;
  In<A> x;                             // (rows, channels)
  InOut<P> running_mean, running_var;  // (channels), as are all below
  Out<P> mean, inv_std;

  static constexpr void visit(auto&& f, auto&... op) {
    f("rows", op.rows...), f("channels", op.channels...), f("eps", op.eps...), f("momentum", op.momentum...);
    f("x", op.x...), f("running_mean", op.running_mean...), f("running_var", op.running_var...);
    f("mean", op.mean...), f("inv_std", op.inv_std...);
  }
};

/// The same of the running statistics.
template <class A, class P>
struct RunningStatistics {
  int channels;
  double eps;
  In<P> running_mean, running_var;  // (channels)
  Out<P> mean, inv_std;             // (channels)

  static constexpr void visit(auto&& f, auto&... op) {
    f("channels", op.channels...), f("eps", op.eps...), f("running_mean", op.running_mean...);
    f("running_var", op.running_var...), f("mean", op.mean...), f("inv_std", op.inv_std...);
  }
};

/// y = activation(weight · (x - mean) · inv_std + bias + skip)
template <class A, class P>
struct Normalize {
  int rows, channels;
  In<A> x;              // (rows, channels)
  In<P> weight, bias;   // (channels)
  In<P> mean, inv_std;  // (channels)
  In<A> skip = {};      // (rows, channels) or left out
  Activation activation = Activation::none;
  Out<A> y;  // (rows, channels), in place of x or skip

  static constexpr void visit(auto&& f, auto&... op) {
    f("rows", op.rows...), f("channels", op.channels...), f("x", op.x...), f("weight", op.weight...);
    f("bias", op.bias...), f("mean", op.mean...), f("inv_std", op.inv_std...), f("skip", op.skip...);
    f("activation", op.activation...), f("y", op.y...);
  }
};

/// The gradients of Normalize. d, that of the sum below the activation, is dy where y > 0 (relu) or dy:
///   dbias += Σ d, dweight += Σ d · xhat, xhat = (x - mean) · inv_std, dskip = d
///   dx = weight · inv_std · (d - Σ d / rows - xhat · Σ d · xhat / rows), without the sums for constant statistics
/// Without y, which is left out where there was no skip, the backend computes it again.
template <class A, class P>
struct NormalizeBackward {
  int rows, channels;
  Statistics statistics = Statistics::batch;
  In<A> x;              // (rows, channels)
  In<P> weight, bias;   // (channels)
  In<P> mean, inv_std;  // (channels)
  Activation activation = Activation::none;
  In<A> y = {};           // (rows, channels)
  In<A> dy;               // (rows, channels)
  Out<A> dskip = {};      // (rows, channels), in place of dy, or left out
  Out<A> dx;              // (rows, channels), in place of dy or, with dskip, elsewhere
  Sum<P> dweight, dbias;  // (channels)

  static constexpr void visit(auto&& f, auto&... op) {
    f("rows", op.rows...), f("channels", op.channels...), f("statistics", op.statistics...), f("x", op.x...);
    f("weight", op.weight...), f("bias", op.bias...), f("mean", op.mean...), f("inv_std", op.inv_std...);
    f("activation", op.activation...), f("y", op.y...), f("dy", op.dy...), f("dskip", op.dskip...);
    f("dx", op.dx...), f("dweight", op.dweight...), f("dbias", op.dbias...);
  }
};

/// Normalize by the running statistics.
template <class A, class P>
struct BatchNormInfer {
  int rows, channels;
  double eps;
  In<A> x;                          // (rows, channels)
  In<P> weight, bias;               // (channels)
  In<P> running_mean, running_var;  // (channels)
  In<A> skip = {};                  // (rows, channels) or left out
  Activation activation = Activation::none;
  Out<A> y;  // (rows, channels), in place of x or skip

  constexpr void compose(auto& ctx) const {
    const auto mean = ctx.scratch(static_cast<std::size_t>(channels)),
               inv_std = ctx.scratch(static_cast<std::size_t>(channels));
    run<RunningStatistics>(ctx, {.channels = channels,
                                 .eps = eps,
                                 .running_mean = running_mean,
                                 .running_var = running_var,
                                 .mean = mean,
                                 .inv_std = inv_std});
    run<Normalize>(ctx, {.rows = rows,
                         .channels = channels,
                         .x = x,
                         .weight = weight,
                         .bias = bias,
                         .mean = mean,
                         .inv_std = inv_std,
                         .skip = skip,
                         .activation = activation,
                         .y = y});
  }
  constexpr std::size_t size() const { return extent(rows, channels); }
  static constexpr bool may_overwrite(std::string_view operand) { return operand == "x" || operand == "skip"; }
  static constexpr void visit(auto&& f, auto&... op) {
    f("rows", op.rows...), f("channels", op.channels...), f("eps", op.eps...), f("x", op.x...);
    f("weight", op.weight...), f("bias", op.bias...), f("running_mean", op.running_mean...);
    f("running_var", op.running_var...), f("skip", op.skip...), f("activation", op.activation...), f("y", op.y...);
  }
};

}  // namespace op

}  // namespace resnet
