// SPDX-License-Identifier: MIT
// The block of ConvNeXt (Liu et al. 2022, arXiv 2201.03545, figure 4), without its scale for each channel:
//   y = drop_path(pwconv2(gelu(pwconv1(norm(dwconv(x)))))) + x
// dwconv is depthwise 7×7, pwconv1 and pwconv2 are 1×1 to 4·Channels and back, with bias. The shape stays. The names are
// those of facebookresearch/ConvNeXt. drop_path does nothing unless its p is set.
#pragma once

#include <resnet/layers/add.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/depthwise_conv2d.hpp>
#include <resnet/layers/drop_path.hpp>
#include <resnet/layers/gelu.hpp>
#include <resnet/layers/layer_norm2d.hpp>

namespace resnet {

template <int In, int Out, int Stride = 1, class B = Cpu>
struct ConvNeXtBlock {
  static_assert(In == Out && Stride == 1, "a ConvNeXtBlock keeps the shape: the layer before a stage halves the image");
  static constexpr int Channels = In;
  using Depthwise = DepthwiseConv2d<Channels, 7, 1, B>;
  using Norm = LayerNorm2d<Channels, B>;
  using Widen = Conv2d<Channels, 4 * Channels, 1, 1, B, 0, true>;
  using Narrow = Conv2d<4 * Channels, Channels, 1, 1, B, 0, true>;

  Depthwise dwconv;
  Norm norm;
  Widen pwconv1;
  GELU<B> act;
  Narrow pwconv2;
  DropPath<B> drop_path;

  using Backend = B;
  template <class Other>
  using on = ConvNeXtBlock<In, Out, Stride, Other>;

  static constexpr Shape out(Shape in) { return in; }

  template <Shape S>
  struct Saved {
    static constexpr Shape wide = Widen::out(S);
    SavedOf<Depthwise, S> dwconv;
    SavedOf<Norm, S> norm;
    SavedOf<Widen, S> pwconv1;
    SavedOf<GELU<B>, wide> act;
    SavedOf<Narrow, wide> pwconv2;
    SavedOf<DropPath<B>, S> drop_path;
  };

  template <Shape S>
  constexpr Batch<S, B> forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto y = dwconv.forward(ctx, x, saved.dwconv);
    y = norm.forward(ctx, std::move(y), saved.norm);
    auto wide = pwconv1.forward(ctx, std::move(y), saved.pwconv1);
    wide = act.forward(ctx, std::move(wide), saved.act);
    y = pwconv2.forward(ctx, std::move(wide), saved.pwconv2);
    y = drop_path.forward(ctx, std::move(y), saved.drop_path);
    return add(ctx, std::move(y), std::move(x));
  }

  template <Shape S>
  constexpr Batch<S, B> infer(Context<B>& ctx, Batch<S, B> x) const {
    auto y = norm.infer(ctx, dwconv.infer(ctx, x));
    auto wide = act.infer(ctx, pwconv1.infer(ctx, std::move(y)));
    return add(ctx, pwconv2.infer(ctx, std::move(wide)), std::move(x));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<S, B> dy, Saved<S>& saved, ConvNeXtBlock& grad) const {
    auto dskip = dy;
    dy = drop_path.backward(ctx, std::move(dy), saved.drop_path, grad.drop_path);
    auto dwide = pwconv2.backward(ctx, std::move(dy), saved.pwconv2, grad.pwconv2);
    dwide = act.backward(ctx, std::move(dwide), saved.act, grad.act);
    auto dx = pwconv1.backward(ctx, std::move(dwide), saved.pwconv1, grad.pwconv1);
    dx = norm.backward(ctx, std::move(dx), saved.norm, grad.norm);
    return add(ctx, dwconv.backward(ctx, std::move(dx), saved.dwconv, grad.dwconv), std::move(dskip));
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("dwconv", self.dwconv...);
    f("norm", self.norm...);
    f("pwconv1", self.pwconv1...);
    f("act", self.act...);
    f("pwconv2", self.pwconv2...);
    f("drop_path", self.drop_path...);
  }
};

}  // namespace resnet
