// SPDX-License-Identifier: MIT
// The basic block of pyramidal residual networks (Han et al. 2017, arXiv 1610.02915, figure 6d): a BatchNorm more than a
// pre-activation block and a ReLU less, and a shortcut without parameters.
//   y = drop_path(bn3(conv2(relu(bn2(conv1(bn1(x))))))) + pad(downsample(x))
// downsample averages Stride × Stride pixels, pad adds channels of zeros. Shapes: (In, h, w) -> (Out, h / Stride,
// w / Stride). drop_path does nothing unless its p is set. The names are those of dyhan0920/PyramidNet-PyTorch.
#pragma once

#include <resnet/layers/add.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/drop_path.hpp>
#include <resnet/layers/identity.hpp>
#include <resnet/layers/pad_channels.hpp>
#include <resnet/layers/pooling.hpp>

#include <type_traits>

namespace resnet {

template <int In, int Out, int Stride = 1, class B = Cpu>
struct PyramidBlock {
  using Norm1 = BatchNorm2d<In, B>;
  using Conv1 = Conv2d<In, Out, 3, Stride, B>;
  using Norm2 = BatchNormReLU<Out, B>;
  using Norm3 = BatchNorm2d<Out, B>;
  using Conv2 = Conv2d<Out, Out, 3, 1, B>;
  using Downsample = std::conditional_t<Stride == 1, Identity<B>, AvgPool2d<Stride, Stride, 0, B>>;
  using Pad = PadChannels<Out, 0, B>;

  Norm1 bn1;
  Conv1 conv1;
  Norm2 bn2;
  Conv2 conv2;
  Norm3 bn3;
  DropPath<B> drop_path;
  Downsample downsample;
  Pad pad;

  using Backend = B;
  template <class Other>
  using on = PyramidBlock<In, Out, Stride, Other>;

  static constexpr Shape out(Shape in) { return Conv1::out(in); }

  template <Shape S>
  struct Saved {
    static_assert(S.h % Stride == 0 && S.w % Stride == 0, "PyramidBlock expects whole windows of its stride");
    static constexpr Shape mid = Conv1::out(S);
    static constexpr Shape pooled = Downsample::out(S);
    SavedOf<Norm1, S> bn1;
    SavedOf<Conv1, S> conv1;
    SavedOf<Norm2, mid> bn2;
    SavedOf<Conv2, mid> conv2;
    SavedOf<Norm3, mid> bn3;
    SavedOf<DropPath<B>, mid> drop_path;
    SavedOf<Downsample, S> downsample;
    SavedOf<Pad, pooled> pad;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto pre = bn1.forward(ctx, x, saved.bn1);
    auto y = conv1.forward(ctx, std::move(pre), saved.conv1);
    y = bn2.forward(ctx, std::move(y), saved.bn2);
    y = conv2.forward(ctx, std::move(y), saved.conv2);
    y = bn3.forward(ctx, std::move(y), saved.bn3);
    y = drop_path.forward(ctx, std::move(y), saved.drop_path);
    auto pooled = downsample.forward(ctx, std::move(x), saved.downsample);
    return add(ctx, std::move(y), pad.forward(ctx, std::move(pooled), saved.pad));
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto pre = bn1.infer(ctx, x);
    auto y = conv1.infer(ctx, std::move(pre));
    y = bn2.infer(ctx, std::move(y));
    y = conv2.infer(ctx, std::move(y));
    y = bn3.infer(ctx, std::move(y));
    auto pooled = downsample.infer(ctx, std::move(x));
    return add(ctx, std::move(y), pad.infer(ctx, std::move(pooled)));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, PyramidBlock& grad) const {
    auto dpooled = pad.backward(ctx, dy, saved.pad, grad.pad);
    auto dskip = downsample.backward(ctx, std::move(dpooled), saved.downsample, grad.downsample);
    dy = drop_path.backward(ctx, std::move(dy), saved.drop_path, grad.drop_path);
    dy = bn3.backward(ctx, std::move(dy), saved.bn3, grad.bn3);
    dy = conv2.backward(ctx, std::move(dy), saved.conv2, grad.conv2);
    dy = bn2.backward(ctx, std::move(dy), saved.bn2, grad.bn2);
    auto dpre = conv1.backward(ctx, std::move(dy), saved.conv1, grad.conv1);
    return add(ctx, bn1.backward(ctx, std::move(dpre), saved.bn1, grad.bn1), std::move(dskip));
  }

  /// The BatchNorm before the addition: zero_gamma starts it at 0 (init/initialize.hpp).
  constexpr Norm3& last_norm() { return bn3; }

  static constexpr void visit(auto&& f, auto&... self) {
    f("bn1", self.bn1...);
    f("conv1", self.conv1...);
    f("bn2", self.bn2...);
    f("conv2", self.conv2...);
    f("bn3", self.bn3...);
    f("drop_path", self.drop_path...);
    f("downsample", self.downsample...);
    f("pad", self.pad...);
  }
};

}  // namespace resnet
