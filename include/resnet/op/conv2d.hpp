// SPDX-License-Identifier: MIT
// The operations of convolution (layers/conv2d.hpp has the formulas). The weight is (out_c, kernel, kernel, in_c).
#pragma once

#include <resnet/op/operand.hpp>
#include <resnet/op/run.hpp>

#include <cstddef>
#include <string_view>

namespace resnet {

struct Conv2dGeometry {
  int n;
  int in_h, in_w, in_c;
  int out_h, out_w, out_c;
  int kernel, stride, padding;

  constexpr std::size_t out_size() const { return extent(n, out_h, out_w, out_c); }
  constexpr long long macs() const { return 1LL * n * out_h * out_w * out_c * kernel * kernel * in_c; }
};

namespace op {

/// y = activation((convolution of x + skip) + bias)
template <class A, class P>
struct Conv2d {
  Conv2dGeometry g;
  In<A> x;  // (n, in_h, in_w, in_c)
  In<P> weight;
  In<P> bias = {};  // (out_c) or left out
  In<A> skip = {};  // (n, out_h, out_w, out_c) or left out
  Activation activation = Activation::none;
  Out<A> y;  // (n, out_h, out_w, out_c), in place of skip

  constexpr std::size_t size() const { return g.out_size(); }
  constexpr long long macs() const { return g.macs(); }
  static constexpr bool may_overwrite(std::string_view operand) { return operand == "skip"; }
  static constexpr void visit(auto&& f, auto&... op) {
    f("g", op.g...), f("x", op.x...), f("weight", op.weight...), f("bias", op.bias...), f("skip", op.skip...);
    f("activation", op.activation...), f("y", op.y...);
  }
};

/// dx = the gradient of x, plus `addend`.
template <class A, class P>
struct Conv2dBackwardData {
  Conv2dGeometry g;
  In<A> dy;  // (n, out_h, out_w, out_c)
  In<P> weight;
  In<A> addend = {};  // (n, in_h, in_w, in_c) or left out
  Out<A> dx;          // (n, in_h, in_w, in_c), in place of addend

  constexpr long long macs() const { return g.macs(); }
  static constexpr void visit(auto&& f, auto&... op) {
    f("g", op.g...), f("dy", op.dy...), f("weight", op.weight...), f("addend", op.addend...), f("dx", op.dx...);
  }
};

template <class A, class P>
struct Conv2dBackwardWeight {
  Conv2dGeometry g;
  In<A> x;   // (n, in_h, in_w, in_c)
  In<A> dy;  // (n, out_h, out_w, out_c)
  Sum<P> dweight;
  Sum<P> dbias = {};  // (out_c) or left out

  constexpr long long macs() const { return g.macs(); }
  static constexpr void visit(auto&& f, auto&... op) {
    f("g", op.g...), f("x", op.x...), f("dy", op.dy...), f("dweight", op.dweight...), f("dbias", op.dbias...);
  }
};

}  // namespace op

}  // namespace resnet
