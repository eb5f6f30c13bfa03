// SPDX-License-Identifier: MIT
// Pre-activation residual networks (He et al. 2016, arXiv 1603.05027) with the member names of kuangliu/pytorch-cifar,
// whose last stage, unlike the paper's, is followed by no BatchNorm and ReLU:
//   stem -> layer1 … layer4 (Width, 2·, 4·, 8·Width channels, times the block's expansion; halving the image from
//        layer2 on) -> global average pooling -> linear
// The forms' stems are a convolution and the pooling of models/resnet.hpp: the first block normalises.
#pragma once

#include <resnet/models/resnet.hpp>

namespace resnet {

template <template <int, int, int, class> class Block, Depths D, Form F, int Width, int Classes, class B>
struct PreActResNet {
  static constexpr int out1 = Width * expansion<Block>, out2 = 2 * out1, out3 = 4 * out1, out4 = 8 * out1;
  using Stem = std::conditional_t<F == Form::cifar, Conv2d<3, Width, 3, 1, B>, Conv2d<3, Width, 7, 2, B>>;
  using MaxPool = std::conditional_t<F == Form::cifar, Identity<B>, MaxPool2d<3, 2, 1, B>>;
  using Layer1 = Stage<Block, Width, out1, 1, D.layer1, B>;
  using Layer2 = Stage<Block, out1, out2, 2, D.layer2, B>;
  using Layer3 = Stage<Block, out2, out3, 2, D.layer3, B>;
  using Layer4 = Stage<Block, out3, out4, 2, D.layer4, B>;
  using Head = Linear<out4, Classes, B>;

  Stem conv1;
  MaxPool maxpool;
  Layer1 layer1;
  Layer2 layer2;
  Layer3 layer3;
  Layer4 layer4;
  GlobalAvgPool2d<B> avgpool;
  Head linear;

  using Backend = B;
  template <class Other>
  using on = PreActResNet<Block, D, F, Width, Classes, Other>;

  static constexpr Shape out(Shape) { return {Classes}; }

  template <Shape S>
  struct Saved {
    static constexpr Shape stem = Stem::out(S);
    static constexpr Shape s0 = MaxPool::out(stem);
    static constexpr Shape s1 = Layer1::out(s0);
    static constexpr Shape s2 = Layer2::out(s1);
    static constexpr Shape s3 = Layer3::out(s2);
    static constexpr Shape s4 = Layer4::out(s3);
    static constexpr Shape features = {s4.c};
    SavedOf<Stem, S> conv1;
    SavedOf<MaxPool, stem> maxpool;
    SavedOf<Layer1, s0> layer1;
    SavedOf<Layer2, s1> layer2;
    SavedOf<Layer3, s2> layer3;
    SavedOf<Layer4, s3> layer4;
    SavedOf<GlobalAvgPool2d<B>, s4> avgpool;
    SavedOf<Head, features> linear;
  };

  /// Images (n, h, w, 3) to logits (n, Classes).
  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto stem = conv1.forward(ctx, std::move(x), saved.conv1);
    auto y0 = maxpool.forward(ctx, std::move(stem), saved.maxpool);
    auto y1 = layer1.forward(ctx, std::move(y0), saved.layer1);
    auto y2 = layer2.forward(ctx, std::move(y1), saved.layer2);
    auto y3 = layer3.forward(ctx, std::move(y2), saved.layer3);
    auto y4 = layer4.forward(ctx, std::move(y3), saved.layer4);
    auto features = avgpool.forward(ctx, std::move(y4), saved.avgpool);
    return linear.forward(ctx, std::move(features), saved.linear);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto stem = conv1.infer(ctx, std::move(x));
    auto y0 = maxpool.infer(ctx, std::move(stem));
    auto y1 = layer1.infer(ctx, std::move(y0));
    auto y2 = layer2.infer(ctx, std::move(y1));
    auto y3 = layer3.infer(ctx, std::move(y2));
    auto y4 = layer4.infer(ctx, std::move(y3));
    return linear.infer(ctx, avgpool.infer(ctx, std::move(y4)));
  }

  /// The gradient of the loss with respect to the images; adds those of the parameters to `grad`.
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, PreActResNet& grad) const {
    auto dstem = backward_to_stem(ctx, std::move(dy), saved, grad);
    return conv1.backward(ctx, std::move(dstem), saved.conv1, grad.conv1);
  }

  /// The same without the images' gradient, which training doesn't need.
  template <Shape S>
  constexpr void backward_parameters(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, PreActResNet& grad) const {
    auto dstem = backward_to_stem(ctx, std::move(dy), saved, grad);
    conv1.backward_weight(ctx, dstem, saved.conv1, grad.conv1);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("conv1", self.conv1...);
    f("maxpool", self.maxpool...);
    f("layer1", self.layer1...);
    f("layer2", self.layer2...);
    f("layer3", self.layer3...);
    f("layer4", self.layer4...);
    f("avgpool", self.avgpool...);
    f("linear", self.linear...);
  }

 private:
  template <Shape S>
  constexpr auto backward_to_stem(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, PreActResNet& grad) const {
    auto dfeatures = linear.backward(ctx, std::move(dy), saved.linear, grad.linear);
    auto dy4 = avgpool.backward(ctx, std::move(dfeatures), saved.avgpool, grad.avgpool);
    auto dy3 = layer4.backward(ctx, std::move(dy4), saved.layer4, grad.layer4);
    auto dy2 = layer3.backward(ctx, std::move(dy3), saved.layer3, grad.layer3);
    auto dy1 = layer2.backward(ctx, std::move(dy2), saved.layer2, grad.layer2);
    auto dy0 = layer1.backward(ctx, std::move(dy1), saved.layer1, grad.layer1);
    return maxpool.backward(ctx, std::move(dy0), saved.maxpool, grad.maxpool);
  }
};

}  // namespace resnet
