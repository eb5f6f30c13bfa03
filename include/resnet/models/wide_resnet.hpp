// SPDX-License-Identifier: MIT
// Wide residual networks WRN-Depth-Widen (Zagoruyko & Komodakis 2016, arXiv 1605.07146) with the member names of
// xternalz/WideResNet-pytorch.
//   stem -> block1 … block3 ((Depth - 4) / 6 pre-activation blocks each; Widen·Width, 2·, 4·Widen·Width channels; halving
//        the image from block2 on) -> BatchNorm, ReLU -> global average pooling -> fc
// Dropout between a block's convolutions is off until set_dropout(model, p) (layers/dropout.hpp) turns it on.
#pragma once

#include <resnet/blocks/wide_block.hpp>
#include <resnet/compose/stage.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/layers/pooling.hpp>

namespace resnet {

template <int Depth, int Widen, int Width, int Classes, class B>
struct WideResNet {
  static_assert(Depth >= 10 && (Depth - 4) % 6 == 0, "a WRN has 6·n + 4 layers");
  static constexpr int blocks = (Depth - 4) / 6, out1 = Widen * Width, out2 = 2 * out1, out3 = 4 * out1;
  using Stem = Conv2d<3, Width, 3, 1, B>;
  using Block1 = Stage<WideBlock, Width, out1, 1, blocks, B>;
  using Block2 = Stage<WideBlock, out1, out2, 2, blocks, B>;
  using Block3 = Stage<WideBlock, out2, out3, 2, blocks, B>;
  using Norm = BatchNormReLU<out3, B>;
  using Head = Linear<out3, Classes, B>;

  Stem conv1;
  Block1 block1;
  Block2 block2;
  Block3 block3;
  Norm bn1;
  GlobalAvgPool2d<B> avgpool;
  Head fc;

  using Backend = B;
  template <class Other>
  using on = WideResNet<Depth, Widen, Width, Classes, Other>;

  static constexpr Shape out(Shape) { return {Classes}; }

  template <Shape S>
  struct Saved {
    static constexpr Shape s0 = Stem::out(S);
    static constexpr Shape s1 = Block1::out(s0);
    static constexpr Shape s2 = Block2::out(s1);
    static constexpr Shape s3 = Block3::out(s2);
    static constexpr Shape features = {s3.c};
    SavedOf<Stem, S> conv1;
    SavedOf<Block1, s0> block1;
    SavedOf<Block2, s1> block2;
    SavedOf<Block3, s2> block3;
    SavedOf<Norm, s3> bn1;
    SavedOf<GlobalAvgPool2d<B>, s3> avgpool;
    SavedOf<Head, features> fc;
  };

  /// Images (n, h, w, 3) to logits (n, Classes).
  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto y0 = conv1.forward(ctx, std::move(x), saved.conv1);
    auto y1 = block1.forward(ctx, std::move(y0), saved.block1);
    auto y2 = block2.forward(ctx, std::move(y1), saved.block2);
    auto y3 = block3.forward(ctx, std::move(y2), saved.block3);
    y3 = bn1.forward(ctx, std::move(y3), saved.bn1);
    auto features = avgpool.forward(ctx, std::move(y3), saved.avgpool);
    return fc.forward(ctx, std::move(features), saved.fc);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto y0 = conv1.infer(ctx, std::move(x));
    auto y1 = block1.infer(ctx, std::move(y0));
    auto y2 = block2.infer(ctx, std::move(y1));
    auto y3 = block3.infer(ctx, std::move(y2));
    y3 = bn1.infer(ctx, std::move(y3));
    return fc.infer(ctx, avgpool.infer(ctx, std::move(y3)));
  }

  /// The gradient of the loss with respect to the images; adds those of the parameters to `grad`.
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, WideResNet& grad) const {
    auto dy0 = backward_to_stem(ctx, std::move(dy), saved, grad);
    return conv1.backward(ctx, std::move(dy0), saved.conv1, grad.conv1);
  }

  /// The same without the images' gradient, which training doesn't need.
  template <Shape S>
  constexpr void backward_parameters(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, WideResNet& grad) const {
    auto dy0 = backward_to_stem(ctx, std::move(dy), saved, grad);
    conv1.backward_weight(ctx, dy0, saved.conv1, grad.conv1);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("conv1", self.conv1...);
    f("block1.layer", self.block1...);
    f("block2.layer", self.block2...);
    f("block3.layer", self.block3...);
    f("bn1", self.bn1...);
    f("avgpool", self.avgpool...);
    f("fc", self.fc...);
  }

 private:
  template <Shape S>
  constexpr auto backward_to_stem(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, WideResNet& grad) const {
    auto dfeatures = fc.backward(ctx, std::move(dy), saved.fc, grad.fc);
    auto dy3 = avgpool.backward(ctx, std::move(dfeatures), saved.avgpool, grad.avgpool);
    dy3 = bn1.backward(ctx, std::move(dy3), saved.bn1, grad.bn1);
    auto dy2 = block3.backward(ctx, std::move(dy3), saved.block3, grad.block3);
    auto dy1 = block2.backward(ctx, std::move(dy2), saved.block2, grad.block2);
    return block1.backward(ctx, std::move(dy1), saved.block1, grad.block1);
  }
};

}  // namespace resnet
