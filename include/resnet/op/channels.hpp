// SPDX-License-Identifier: MIT
// Operations that scale or move whole channels.
#pragma once

#include <resnet/op/operand.hpp>
#include <resnet/op/run.hpp>

#include <cstddef>
#include <string_view>

namespace resnet::op {

/// y = x·s, one factor for each channel of each image.
template <class A, class P>
struct ScaleChannels {
  int n, pixels, channels;
  In<A> x;   // (n, pixels, channels)
  In<A> s;   // (n, channels)
  Out<A> y;  // (n, pixels, channels), in place of x

  constexpr std::size_t size() const { return extent(n, pixels, channels); }
  static constexpr bool may_overwrite(std::string_view operand) { return operand == "x"; }
  static constexpr void visit(auto&& f, auto&... op) {
    f("n", op.n...), f("pixels", op.pixels...), f("channels", op.channels...);
    f("x", op.x...), f("s", op.s...), f("y", op.y...);
  }
};

/// dx = dy·s; ds = Σ dy·x over an image's pixels
template <class A, class P>
struct ScaleChannelsBackward {
  int n, pixels, channels;
  In<A> x, s, dy;
  Out<A> dx;  // (n, pixels, channels), in place of dy
  Out<A> ds;  // (n, channels)

  static constexpr void visit(auto&& f, auto&... op) {
    f("n", op.n...), f("pixels", op.pixels...), f("channels", op.channels...);
    f("x", op.x...), f("s", op.s...), f("dy", op.dy...), f("dx", op.dx...), f("ds", op.ds...);
  }
};

/// Each row of y is one of a, then one of b. One of the two may be left out: zeros.
template <class A, class P>
struct ConcatChannels {
  int rows, a_channels, b_channels;
  In<A> a = {};  // (rows, a_channels)
  In<A> b = {};  // (rows, b_channels)
  Out<A> y;      // (rows, a_channels + b_channels)

  constexpr std::size_t size() const { return extent(rows, a_channels + b_channels); }
  static constexpr void visit(auto&& f, auto&... op) {
    f("rows", op.rows...), f("a_channels", op.a_channels...), f("b_channels", op.b_channels...);
    f("a", op.a...), f("b", op.b...), f("y", op.y...);
  }
};

/// y = x's channels from `first` on.
template <class A, class P>
struct SliceChannels {
  int rows, x_channels, first, y_channels;
  In<A> x;   // (rows, x_channels)
  Out<A> y;  // (rows, y_channels)

  constexpr std::size_t size() const { return extent(rows, y_channels); }
  static constexpr void visit(auto&& f, auto&... op) {
    f("rows", op.rows...), f("x_channels", op.x_channels...), f("first", op.first...);
    f("y_channels", op.y_channels...), f("x", op.x...), f("y", op.y...);
  }
};

/// Each of n matrices.
template <class A, class P>
struct Transpose {
  int n, rows, columns;
  In<A> x;   // (n, rows, columns)
  Out<A> y;  // (n, columns, rows)

  constexpr std::size_t size() const { return extent(n, rows, columns); }
  static constexpr void visit(auto&& f, auto&... op) {
    f("n", op.n...), f("rows", op.rows...), f("columns", op.columns...), f("x", op.x...), f("y", op.y...);
  }
};

}  // namespace resnet::op
