// SPDX-License-Identifier: MIT
// The bottleneck block of ResNet-50 and deeper (He et al. 2015, arXiv 1512.03385, figure 5 right).
//   y = relu(drop_path(bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x))))))))) + downsample(x))
// conv1 is 1×1 to Out / 4 channels, conv2 3×3 with the stride (torchvision's place for it; the paper strides
// in conv1), conv3 1×1 to Out. Shapes: (In, h, w) -> (Out, ceil(h / Stride), ceil(w / Stride)).
#pragma once

#include <resnet/blocks/basic_block.hpp>
#include <resnet/compose/stage.hpp>

namespace resnet {

template <int In, int Out, int Stride = 1, class B = Cpu>
struct Bottleneck {
  static_assert(Out % 4 == 0, "a bottleneck's output channels are four times its inner ones");
  static constexpr int inner = Out / 4;
  using Conv1 = Conv2d<In, inner, 1, 1, B>;
  using Conv2 = Conv2d<inner, inner, 3, Stride, B>;
  using Conv3 = Conv2d<inner, Out, 1, 1, B>;
  using Norm = BatchNormReLU<inner, B>;
  using Join = ResidualJoin<Out, B>;
  using Downsample = Shortcut<In, Out, Stride, B>;

  Conv1 conv1;
  Norm bn1;
  Conv2 conv2;
  Norm bn2;
  Conv3 conv3;
  Join bn3;
  Downsample downsample;

  using Backend = B;
  template <class Other>
  using on = Bottleneck<In, Out, Stride, Other>;

  static constexpr Shape out(Shape in) { return Conv3::out(Conv2::out(Conv1::out(in))); }

  template <Shape S>
  struct Saved {
    static constexpr Shape reduced = Conv1::out(S);
    static constexpr Shape mid = Conv2::out(reduced);
    static constexpr Shape end = Conv3::out(mid);
    SavedOf<Conv1, S> conv1;
    SavedOf<Norm, reduced> bn1;
    SavedOf<Conv2, reduced> conv2;
    SavedOf<Norm, mid> bn2;
    SavedOf<Conv3, mid> conv3;
    SavedOf<Join, end> bn3;
    SavedOf<Downsample, S> downsample;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto reduced = conv1.forward(ctx, x, saved.conv1);
    reduced = bn1.forward(ctx, std::move(reduced), saved.bn1);
    auto mid = conv2.forward(ctx, std::move(reduced), saved.conv2);
    mid = bn2.forward(ctx, std::move(mid), saved.bn2);
    auto y = conv3.forward(ctx, std::move(mid), saved.conv3);
    auto skip = downsample.forward(ctx, std::move(x), saved.downsample);
    return bn3.forward(ctx, std::move(y), std::move(skip), saved.bn3);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto reduced = conv1.infer(ctx, x);
    reduced = bn1.infer(ctx, std::move(reduced));
    auto mid = conv2.infer(ctx, std::move(reduced));
    mid = bn2.infer(ctx, std::move(mid));
    auto y = conv3.infer(ctx, std::move(mid));
    auto skip = downsample.infer(ctx, std::move(x));
    return bn3.infer(ctx, std::move(y), std::move(skip));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, Bottleneck& grad) const {
    auto end = bn3.backward(ctx, std::move(dy), saved.bn3, grad.bn3);
    auto dx = downsample.backward(ctx, std::move(end.dskip), saved.downsample, grad.downsample);
    auto dmid = conv3.backward(ctx, std::move(end.dx), saved.conv3, grad.conv3);
    dmid = bn2.backward(ctx, std::move(dmid), saved.bn2, grad.bn2);
    auto dreduced = conv2.backward(ctx, std::move(dmid), saved.conv2, grad.conv2);
    dreduced = bn1.backward(ctx, std::move(dreduced), saved.bn1, grad.bn1);
    return conv1.backward_add(ctx, std::move(dreduced), std::move(dx), saved.conv1, grad.conv1);
  }

  /// The BatchNorm before the addition: zero_gamma starts it at 0 (init/initialize.hpp).
  constexpr Join& last_norm() { return bn3; }

  static constexpr void visit(auto&& f, auto&... self) {
    f("conv1", self.conv1...);
    f("bn1", self.bn1...);
    f("conv2", self.conv2...);
    f("bn2", self.bn2...);
    f("conv3", self.conv3...);
    f("bn3", self.bn3...);
    f("downsample", self.downsample...);
  }
};

/// A stage of Bottlenecks has four times as many channels as one of BasicBlocks (models/resnet.hpp).
template <>
inline constexpr int expansion<Bottleneck> = 4;

}  // namespace resnet
