// SPDX-License-Identifier: MIT
// The parts of a DenseNet (Huang et al. 2017, arXiv 1608.06993) with bottlenecks, pre-activated:
//   DenseLayer  y = (x, conv2(relu(norm2(conv1(relu(norm1(x)))))))   side by side; conv1 is 1×1, conv2 is 3×3
//   DenseBlock  `Depth` of them in a row: each layer reads what all the earlier ones put out
//   Transition  y = pool(conv(relu(norm(x))))                        conv is 1×1, pool the mean of 2×2 pixels
// Shapes: (In, h, w) -> (In + Growth, h, w), -> (In + Depth·Growth, h, w), -> (Out, h / 2, w / 2).
// A layer saves 2·In + 8·Growth channels, its input and that normalised first: a block's memory goes with
// Depth².
#pragma once

#include <resnet/compose/chain.hpp>
#include <resnet/layers/add.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/concat.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/identity.hpp>
#include <resnet/layers/pooling.hpp>

namespace resnet {

template <int In, int Growth, class B = Cpu>
struct DenseLayer {
  static constexpr int inner = 4 * Growth;
  using Norm1 = BatchNormReLU<In, B>;
  using Conv1 = Conv2d<In, inner, 1, 1, B>;
  using Norm2 = BatchNormReLU<inner, B>;
  using Conv2 = Conv2d<inner, Growth, 3, 1, B>;

  Norm1 norm1;
  Conv1 conv1;
  Norm2 norm2;
  Conv2 conv2;

  using Backend = B;
  template <class Other>
  using on = DenseLayer<In, Growth, Other>;

  static constexpr Shape out(Shape in) { return {In + Growth, in.h, in.w}; }

  template <Shape S>
  struct Saved {
    static constexpr Shape mid = Conv1::out(S);
    SavedOf<Norm1, S> norm1;
    SavedOf<Conv1, S> conv1;
    SavedOf<Norm2, mid> norm2;
    SavedOf<Conv2, mid> conv2;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto normed = norm1.forward(ctx, x, saved.norm1);
    auto mid = conv1.forward(ctx, std::move(normed), saved.conv1);
    mid = norm2.forward(ctx, std::move(mid), saved.norm2);
    return concat(ctx, x, conv2.forward(ctx, std::move(mid), saved.conv2));
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto mid = conv1.infer(ctx, norm1.infer(ctx, x));
    mid = norm2.infer(ctx, std::move(mid));
    return concat(ctx, x, conv2.infer(ctx, std::move(mid)));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, DenseLayer& grad) const {
    auto dmid = conv2.backward(ctx, slice<In, Growth>(ctx, dy), saved.conv2, grad.conv2);
    dmid = norm2.backward(ctx, std::move(dmid), saved.norm2, grad.norm2);
    auto dnormed = conv1.backward(ctx, std::move(dmid), saved.conv1, grad.conv1);
    auto dx = norm1.backward(ctx, std::move(dnormed), saved.norm1, grad.norm1);
    return add(ctx, std::move(dx), slice<0, In>(ctx, dy));
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("norm1", self.norm1...);
    f("conv1", self.conv1...);
    f("norm2", self.norm2...);
    f("conv2", self.conv2...);
  }
};

/// The first layer, and a block of the others. (A std::tuple of the layers would make long symbols, a Chain a dozen
/// functions for each.)
template <int In, int Growth, int Depth, class B = Cpu>
struct DenseBlock {
  using First = DenseLayer<In, Growth, B>;
  using Rest = DenseBlock<In + Growth, Growth, Depth - 1, B>;

  First first;
  Rest rest;

  using Backend = B;
  template <class Other>
  using on = DenseBlock<In, Growth, Depth, Other>;
  static constexpr bool passes_on = true;

  static constexpr Shape out(Shape in) { return {In + Depth * Growth, in.h, in.w}; }

  template <Shape S>
  struct Saved {
    SavedOf<First, S> first;
    SavedOf<Rest, First::out(S)> rest;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    return rest.forward(ctx, first.forward(ctx, std::move(x), saved.first), saved.rest);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    return rest.infer(ctx, first.infer(ctx, std::move(x)));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, DenseBlock& grad) const {
    auto dfirst = rest.backward(ctx, std::move(dy), saved.rest, grad.rest);
    return resnet::backward(ctx, first, std::move(dfirst), saved.first, grad.first);
  }

  static constexpr void visit(auto&& f, auto&... self) { visit_from(1, f, self...); }
  static constexpr void visit_from(std::size_t number, auto&& f, auto&... self) {
    f(IndexName(number, "denselayer"), self.first...);
    Rest::visit_from(number + 1, f, self.rest...);
  }
};

template <int In, int Growth, class B>
struct DenseBlock<In, Growth, 0, B> : Identity<B> {
  template <class Other>
  using on = DenseBlock<In, Growth, 0, Other>;

  static constexpr void visit_from(std::size_t, auto&&, auto&...) {}
};

template <int In, int Out = In / 2, class B = Cpu>
struct Transition : Chain<Transition<In, Out, B>> {
  BatchNormReLU<In, B> norm;
  Conv2d<In, Out, 1, 1, B> conv;
  AvgPool2d<2, 2, 0, B> pool;

  using Backend = B;
  template <class Other>
  using on = Transition<In, Out, Other>;

  static constexpr auto parts() {
    using Net = Transition;
    return std::tuple(part("norm", &Net::norm), part("conv", &Net::conv), part("pool", &Net::pool));
  }
};

}  // namespace resnet
