// SPDX-License-Identifier: MIT
// The operations of layer normalisation over the channels of each row (layers/layer_norm2d.hpp has the formulas).
#pragma once

#include <resnet/op/operand.hpp>
#include <resnet/op/run.hpp>

#include <cstddef>
#include <string_view>

namespace resnet::op {

/// y = weight · (x - mean) · inv_std + bias, with a row's own mean and inv_std = 1 / sqrt(variance + eps).
template <class A, class P>
struct LayerNorm {
  int rows, channels;
  double eps;
  In<A> x;                         // (rows, channels)
  In<P> weight, bias;              // (channels)
  Out<P> mean = {}, inv_std = {};  // (rows), or left out
  Out<A> y;                        // (rows, channels), in place of x

  constexpr std::size_t size() const { return extent(rows, channels); }
  static constexpr bool may_overwrite(std::string_view operand) { return operand == "x"; }
  static constexpr void visit(auto&& f, auto&... op) {
    f("rows", op.rows...), f("channels", op.channels...), f("eps", op.eps...), f("x", op.x...);
    f("weight", op.weight...), f("bias", op.bias...), f("mean", op.mean...), f("inv_std", op.inv_std...);
    f("y", op.y...);
  }
};

/// With g = dy · weight and xhat = (x - mean) · inv_std, and sums over a row's channels:
///   dx = inv_std · (g - Σ g / channels - xhat · Σ g · xhat / channels); dbias += Σ dy, dweight += Σ dy · xhat over rows
template <class A, class P>
struct LayerNormBackward {
  int rows, channels;
  In<A> x;                // (rows, channels)
  In<P> weight;           // (channels)
  In<P> mean, inv_std;    // (rows)
  In<A> dy;               // (rows, channels)
  Out<A> dx;              // (rows, channels), in place of dy
  Sum<P> dweight, dbias;  // (channels)

  static constexpr void visit(auto&& f, auto&... op) {
    f("rows", op.rows...), f("channels", op.channels...), f("x", op.x...), f("weight", op.weight...);
    f("mean", op.mean...), f("inv_std", op.inv_std...), f("dy", op.dy...), f("dx", op.dx...);
    f("dweight", op.dweight...), f("dbias", op.dbias...);
  }
};

}  // namespace resnet::op
