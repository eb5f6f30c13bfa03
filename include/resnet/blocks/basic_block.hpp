// SPDX-License-Identifier: MIT
// The residual block of ResNet-18 and -34 (He et al. 2015, arXiv 1512.03385, figure 5 left).
//   y = relu(drop_path(bn2(conv2(relu(bn1(conv1(x)))))) + downsample(x))
// Shapes: (In, h, w) -> (Out, ceil(h / Stride), ceil(w / Stride)). The shortcut is the identity where the
// shape stays, else a 1×1 convolution with BatchNorm (the paper's option B). drop_path does nothing unless its p is set.
#pragma once

#include <resnet/compose/sequential.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/identity.hpp>
#include <resnet/layers/residual_join.hpp>

namespace resnet {

/// The shortcut of a residual block from `In` channels to `Out`.
template <int In, int Out, int Stride, class B>
using Shortcut = std::conditional_t<In == Out && Stride == 1, Identity<B>,
                                    Sequential<Conv2d<In, Out, 1, Stride, B>, BatchNorm2d<Out, B>>>;

/// A basic block with any kind of shortcut.
template <int In, int Out, int Stride, template <int, int, int, class> class ShortcutOf, class B>
struct BasicBlockWith {
  using Conv1 = Conv2d<In, Out, 3, Stride, B>;
  using Conv2 = Conv2d<Out, Out, 3, 1, B>;
  using Norm = BatchNormReLU<Out, B>;
  using Join = ResidualJoin<Out, B>;
  using Downsample = ShortcutOf<In, Out, Stride, B>;

  Conv1 conv1;
  Norm bn1;
  Conv2 conv2;
  Join bn2;
  Downsample downsample;

  using Backend = B;
  template <class Other>
  using on = BasicBlockWith<In, Out, Stride, ShortcutOf, Other>;

  static constexpr Shape out(Shape in) { return Conv1::out(in); }

  template <Shape S>
  struct Saved {
    static constexpr Shape mid = Conv1::out(S);
    SavedOf<Conv1, S> conv1;
    SavedOf<Norm, mid> bn1;
    SavedOf<Conv2, mid> conv2;
    SavedOf<Join, mid> bn2;
    SavedOf<Downsample, S> downsample;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto y = conv1.forward(ctx, x, saved.conv1);
    y = bn1.forward(ctx, std::move(y), saved.bn1);
    y = conv2.forward(ctx, std::move(y), saved.conv2);
    auto skip = downsample.forward(ctx, std::move(x), saved.downsample);
    return bn2.forward(ctx, std::move(y), std::move(skip), saved.bn2);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto y = conv1.infer(ctx, x);
    y = bn1.infer(ctx, std::move(y));
    y = conv2.infer(ctx, std::move(y));
    auto skip = downsample.infer(ctx, std::move(x));
    return bn2.infer(ctx, std::move(y), std::move(skip));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, BasicBlockWith& grad) const {
    auto end = bn2.backward(ctx, std::move(dy), saved.bn2, grad.bn2);
    auto dx = downsample.backward(ctx, std::move(end.dskip), saved.downsample, grad.downsample);
    dy = conv2.backward(ctx, std::move(end.dx), saved.conv2, grad.conv2);
    dy = bn1.backward(ctx, std::move(dy), saved.bn1, grad.bn1);
    return conv1.backward_add(ctx, std::move(dy), std::move(dx), saved.conv1, grad.conv1);
  }

  /// The BatchNorm before the addition: zero_gamma starts it at 0 (init/initialize.hpp).
  constexpr Join& last_norm() { return bn2; }

  static constexpr void visit(auto&& f, auto&... self) {
    f("conv1", self.conv1...);
    f("bn1", self.bn1...);
    f("conv2", self.conv2...);
    f("bn2", self.bn2...);
    f("downsample", self.downsample...);
  }
};

template <int In, int Out, int Stride = 1, class B = Cpu>
struct BasicBlock : BasicBlockWith<In, Out, Stride, Shortcut, B> {
  template <class Other>
  using on = BasicBlock<In, Out, Stride, Other>;
};

}  // namespace resnet
