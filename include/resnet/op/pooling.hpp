// SPDX-License-Identifier: MIT
// The operations of pooling. Activations are (n, in_h, in_w, c) and (n, out_h, out_w, c).
#pragma once

#include <resnet/op/operand.hpp>
#include <resnet/op/run.hpp>

#include <cstddef>

namespace resnet {

struct Pool2dGeometry {
  int n;
  int in_h, in_w, c;
  int out_h, out_w;
  int kernel_h, kernel_w, stride, padding;

  constexpr std::size_t out_size() const { return extent(n, out_h, out_w, c); }
};

namespace op {

/// y = the largest of each window inside the image.
template <class A, class P>
struct MaxPool2d {
  Pool2dGeometry g;
  In<A> x;
  Out<A> y;

  constexpr std::size_t size() const { return g.out_size(); }
  static constexpr void visit(auto&& f, auto&... op) { f("g", op.g...), f("x", op.x...), f("y", op.y...); }
};

/// The gradient goes to a window's first maximum.
template <class A, class P>
struct MaxPool2dBackward {
  Pool2dGeometry g;
  In<A> x, dy;
  Out<A> dx;

  static constexpr void visit(auto&& f, auto&... op) {
    f("g", op.g...), f("x", op.x...), f("dy", op.dy...), f("dx", op.dx...);
  }
};

/// y = the mean of each window; the padding counts, as zeros.
template <class A, class P>
struct AvgPool2d {
  Pool2dGeometry g;
  In<A> x;
  Out<A> y;

  constexpr std::size_t size() const { return g.out_size(); }
  static constexpr void visit(auto&& f, auto&... op) { f("g", op.g...), f("x", op.x...), f("y", op.y...); }
};

template <class A, class P>
struct AvgPool2dBackward {
  Pool2dGeometry g;
  In<A> dy;
  Out<A> dx;

  static constexpr void visit(auto&& f, auto&... op) { f("g", op.g...), f("dy", op.dy...), f("dx", op.dx...); }
};

}  // namespace op

}  // namespace resnet
