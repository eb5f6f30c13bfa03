// SPDX-License-Identifier: MIT
// Pooling over windows of Kernel × Kernel pixels, and over the whole map (as in torch.nn).
//   MaxPool2d        y = max of the window; dx gets dy at the window's first maximum.  Saves x.
//   AvgPool2d        y = Σ window / Kernel², padding counts as zeros; dx spreads dy evenly.  Saves nothing.
//   GlobalAvgPool2d  (c, h, w) -> (c, 1, 1), the mean of each channel.  Saves nothing.
#pragma once

#include <resnet/core/layer.hpp>
#include <resnet/core/require.hpp>
#include <resnet/op/pooling.hpp>

namespace resnet {

namespace detail {

template <int Kernel, int Stride, int Padding>
struct PoolWindow {
  static_assert(Kernel > 0 && Stride > 0 && Padding >= 0 && 2 * Padding <= Kernel,
                "pooling needs a positive kernel and stride, and a padding of at most half the kernel");

  static constexpr Shape out(Shape in) {
    return {in.c, window_count(in.h, Kernel, Stride, Padding), window_count(in.w, Kernel, Stride, Padding)};
  }
  template <Shape S>
  static constexpr Pool2dGeometry geometry(int n) {
    return {n, S.h, S.w, S.c, out(S).h, out(S).w, Kernel, Kernel, Stride, Padding};
  }
  template <class Layer, Shape S>
  static constexpr void require(auto& ctx) {
    require_window<Layer, S, Kernel, Padding>(ctx);
  }
};

struct WholeMap {
  static constexpr Shape out(Shape in) { return {in.c}; }
  template <Shape S>
  static constexpr Pool2dGeometry geometry(int n) {
    return {n, S.h, S.w, S.c, 1, 1, S.h, S.w, 1, 0};
  }
  template <class Layer, Shape S>
  static constexpr void require(auto&) {}
};

template <class Window, class B>
struct AveragePooling {
  static constexpr Shape out(Shape in) { return Window::out(in); }

  template <Shape S>
  struct Saved {};

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>&) const {
    return infer(ctx, std::move(x));
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    Window::template require<AveragePooling, S>(ctx);
    constexpr Pool2dGeometry one = Window::template geometry<S>(1);
    auto y = ctx.template make<Shape{one.c, one.out_h, one.out_w}>(x.n());
    run<op::AvgPool2d>(ctx, {.g = Window::template geometry<S>(x.n()), .x = x, .y = y});
    return y;
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>&, AveragePooling&) const {
    auto dx = ctx.template make<S>(dy.n());
    run<op::AvgPool2dBackward>(ctx, {.g = Window::template geometry<S>(dy.n()), .dy = dy, .dx = dx});
    return dx;
  }

  static constexpr void visit(auto&&, auto&...) {}
};

}  // namespace detail

template <int Kernel, int Stride, int Padding, class B>
struct AvgPool2d : detail::AveragePooling<detail::PoolWindow<Kernel, Stride, Padding>, B> {
  using Backend = B;
  template <class Other>
  using on = AvgPool2d<Kernel, Stride, Padding, Other>;

  constexpr AvgPool2d() {}  // see GlobalAvgPool2d
};

template <class B>
struct GlobalAvgPool2d : detail::AveragePooling<detail::WholeMap, B> {
  using Backend = B;
  template <class Other>
  using on = GlobalAvgPool2d<Other>;

  /// Not the implicit one: with it g++ 12 sets the next element of a std::tuple to 0 (a Dropout's p, say), because
  /// this is an empty class with a base.
  constexpr GlobalAvgPool2d() {}
};

template <int Kernel, int Stride, int Padding, class B>
struct MaxPool2d {
  using Window = detail::PoolWindow<Kernel, Stride, Padding>;
  using Backend = B;
  template <class Other>
  using on = MaxPool2d<Kernel, Stride, Padding, Other>;

  static constexpr Shape out(Shape in) { return Window::out(in); }

  template <Shape S>
  struct Saved {
    Batch<S, B> x;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) const {
    auto y = infer(ctx, x);
    saved.x = std::move(x);
    return y;
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    Window::template require<MaxPool2d, S>(ctx);
    const Pool2dGeometry g = Window::template geometry<S>(x.n());
    auto y = ctx.template make<out(S)>(x.n());
    run<op::MaxPool2d>(ctx, {.g = g, .x = x, .y = y});
    return y;
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, MaxPool2d&) const {
    const auto x = take(saved.x, dy);
    auto dx = ctx.template make<S>(dy.n());
    run<op::MaxPool2dBackward>(ctx, {.g = Window::template geometry<S>(dy.n()), .x = x, .dy = dy, .dx = dx});
    return dx;
  }

  static constexpr void visit(auto&&, auto&...) {}
};

}  // namespace resnet
