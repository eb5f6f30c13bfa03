// SPDX-License-Identifier: MIT
// Convolution with a kernel for each channel (layers/depthwise_conv2d.hpp has the formulas): in_c = out_c, and the weight
// is (c, kernel, kernel).
#pragma once

#include <resnet/op/conv2d.hpp>

namespace resnet::op {

template <class A, class P>
struct DepthwiseConv2d {
  Conv2dGeometry g;
  In<A> x;  // (n, in_h, in_w, c)
  In<P> weight;
  Out<A> y;  // (n, out_h, out_w, c)

  constexpr std::size_t size() const { return g.out_size(); }
  constexpr long long macs() const { return g.macs() / g.in_c; }
  static constexpr void visit(auto&& f, auto&... op) {
    f("g", op.g...), f("x", op.x...), f("weight", op.weight...), f("y", op.y...);
  }
};

template <class A, class P>
struct DepthwiseConv2dBackwardData {
  Conv2dGeometry g;
  In<A> dy;  // (n, out_h, out_w, c)
  In<P> weight;
  Out<A> dx;  // (n, in_h, in_w, c)

  constexpr long long macs() const { return g.macs() / g.in_c; }
  static constexpr void visit(auto&& f, auto&... op) {
    f("g", op.g...), f("dy", op.dy...), f("weight", op.weight...), f("dx", op.dx...);
  }
};

template <class A, class P>
struct DepthwiseConv2dBackwardWeight {
  Conv2dGeometry g;
  In<A> x;   // (n, in_h, in_w, c)
  In<A> dy;  // (n, out_h, out_w, c)
  Sum<P> dweight;

  constexpr long long macs() const { return g.macs() / g.in_c; }
  static constexpr void visit(auto&& f, auto&... op) {
    f("g", op.g...), f("x", op.x...), f("dy", op.dy...), f("dweight", op.dweight...);
  }
};

}  // namespace resnet::op
