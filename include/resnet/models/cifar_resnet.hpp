// SPDX-License-Identifier: MIT
// The residual networks for CIFAR of the original paper (He et al. 2015, arXiv 1512.03385, section 4.2): 6·Depth + 2
// layers, with the member names of akamaster/pytorch_resnet_cifar10.
//   stem -> layer1 … layer3 (Depth basic blocks each; Width, 2·, 4·Width channels; halving the image from layer2 on)
//        -> global average pooling -> linear
#pragma once

#include <resnet/blocks/padded_block.hpp>
#include <resnet/compose/stage.hpp>
#include <resnet/layers/linear.hpp>

namespace resnet {

template <int Depth, int Width, int Classes, class B>
struct CifarResNet {
  using Stem = Conv2d<3, Width, 3, 1, B>;
  using Norm = BatchNormReLU<Width, B>;
  using Layer1 = Stage<PaddedBlock, Width, Width, 1, Depth, B>;
  using Layer2 = Stage<PaddedBlock, Width, 2 * Width, 2, Depth, B>;
  using Layer3 = Stage<PaddedBlock, 2 * Width, 4 * Width, 2, Depth, B>;
  using Head = Linear<4 * Width, Classes, B>;

  Stem conv1;
  Norm bn1;
  Layer1 layer1;
  Layer2 layer2;
  Layer3 layer3;
  GlobalAvgPool2d<B> avgpool;
  Head linear;

  using Backend = B;
  template <class Other>
  using on = CifarResNet<Depth, Width, Classes, Other>;

  static constexpr Shape out(Shape) { return {Classes}; }

  template <Shape S>
  struct Saved {
    static constexpr Shape s0 = Stem::out(S);
    static constexpr Shape s1 = Layer1::out(s0);
    static constexpr Shape s2 = Layer2::out(s1);
    static constexpr Shape s3 = Layer3::out(s2);
    static constexpr Shape features = {s3.c};
    SavedOf<Stem, S> conv1;
    SavedOf<Norm, s0> bn1;
    SavedOf<Layer1, s0> layer1;
    SavedOf<Layer2, s1> layer2;
    SavedOf<Layer3, s2> layer3;
    SavedOf<GlobalAvgPool2d<B>, s3> avgpool;
    SavedOf<Head, features> linear;
  };

  /// Images (n, h, w, 3) to logits (n, Classes).
  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto y0 = conv1.forward(ctx, std::move(x), saved.conv1);
    y0 = bn1.forward(ctx, std::move(y0), saved.bn1);
    auto y1 = layer1.forward(ctx, std::move(y0), saved.layer1);
    auto y2 = layer2.forward(ctx, std::move(y1), saved.layer2);
    auto y3 = layer3.forward(ctx, std::move(y2), saved.layer3);
    auto features = avgpool.forward(ctx, std::move(y3), saved.avgpool);
    return linear.forward(ctx, std::move(features), saved.linear);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto y0 = conv1.infer(ctx, std::move(x));
    y0 = bn1.infer(ctx, std::move(y0));
    auto y1 = layer1.infer(ctx, std::move(y0));
    auto y2 = layer2.infer(ctx, std::move(y1));
    auto y3 = layer3.infer(ctx, std::move(y2));
    return linear.infer(ctx, avgpool.infer(ctx, std::move(y3)));
  }

  /// The gradient of the loss with respect to the images; adds those of the parameters to `grad`.
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, CifarResNet& grad) const {
    auto dy0 = backward_to_stem(ctx, std::move(dy), saved, grad);
    return conv1.backward(ctx, std::move(dy0), saved.conv1, grad.conv1);
  }

  /// The same without the images' gradient, which training doesn't need.
  template <Shape S>
  constexpr void backward_parameters(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, CifarResNet& grad) const {
    auto dy0 = backward_to_stem(ctx, std::move(dy), saved, grad);
    conv1.backward_weight(ctx, dy0, saved.conv1, grad.conv1);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("conv1", self.conv1...);
    f("bn1", self.bn1...);
    f("layer1", self.layer1...);
    f("layer2", self.layer2...);
    f("layer3", self.layer3...);
    f("avgpool", self.avgpool...);
    f("linear", self.linear...);
  }

 private:
  template <Shape S>
  constexpr auto backward_to_stem(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, CifarResNet& grad) const {
    auto dfeatures = linear.backward(ctx, std::move(dy), saved.linear, grad.linear);
    auto dy3 = avgpool.backward(ctx, std::move(dfeatures), saved.avgpool, grad.avgpool);
    auto dy2 = layer3.backward(ctx, std::move(dy3), saved.layer3, grad.layer3);
    auto dy1 = layer2.backward(ctx, std::move(dy2), saved.layer2, grad.layer2);
    auto dy0 = layer1.backward(ctx, std::move(dy1), saved.layer1, grad.layer1);
    return bn1.backward(ctx, std::move(dy0), saved.bn1, grad.bn1);
  }
};

}  // namespace resnet
