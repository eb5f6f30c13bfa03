// SPDX-License-Identifier: MIT
// Residual networks (He et al. 2015, arXiv 1512.03385) with torchvision's member names.
//   stem -> layer1 … layer4 (Width, 2·, 4·, 8·Width channels, times the block's expansion; halving the image from
//        layer2 on) -> global average pooling -> fc
// Two forms: the CIFAR form's stem is one 3×3 convolution, the ImageNet form's a 7×7 convolution of
// stride 2 and a 3×3 max-pooling of stride 2.
#pragma once

#include <resnet/compose/stage.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/identity.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/layers/pooling.hpp>
#include <resnet/models/form.hpp>

#include <type_traits>

namespace resnet {

/// The number of blocks in each of the four stages.
struct Depths {
  int layer1, layer2, layer3, layer4;
};

template <template <int, int, int, class> class Block, Depths D, Form F, int Width, int Classes, class B>
struct ResNet {
  static constexpr int out1 = Width * expansion<Block>, out2 = 2 * out1, out3 = 4 * out1, out4 = 8 * out1;
  using Stem = std::conditional_t<F == Form::cifar, Conv2d<3, Width, 3, 1, B>, Conv2d<3, Width, 7, 2, B>>;
  using Norm = BatchNormReLU<Width, B>;
  using MaxPool = std::conditional_t<F == Form::cifar, Identity<B>, MaxPool2d<3, 2, 1, B>>;
  using Layer1 = Stage<Block, Width, out1, 1, D.layer1, B>;
  using Layer2 = Stage<Block, out1, out2, 2, D.layer2, B>;
  using Layer3 = Stage<Block, out2, out3, 2, D.layer3, B>;
  using Layer4 = Stage<Block, out3, out4, 2, D.layer4, B>;
  using Head = Linear<out4, Classes, B>;

  Stem conv1;
  Norm bn1;
  MaxPool maxpool;
  Layer1 layer1;
  Layer2 layer2;
  Layer3 layer3;
  Layer4 layer4;
  GlobalAvgPool2d<B> avgpool;
  Head fc;

  using Backend = B;
  template <class Other>
  using on = ResNet<Block, D, F, Width, Classes, Other>;

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
    SavedOf<Norm, stem> bn1;
    SavedOf<MaxPool, stem> maxpool;
    SavedOf<Layer1, s0> layer1;
    SavedOf<Layer2, s1> layer2;
    SavedOf<Layer3, s2> layer3;
    SavedOf<Layer4, s3> layer4;
    SavedOf<GlobalAvgPool2d<B>, s4> avgpool;
    SavedOf<Head, features> fc;
  };

  /// Images (n, h, w, 3) to logits (n, Classes).
  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto stem = conv1.forward(ctx, std::move(x), saved.conv1);
    stem = bn1.forward(ctx, std::move(stem), saved.bn1);
    auto y0 = maxpool.forward(ctx, std::move(stem), saved.maxpool);
    auto y1 = layer1.forward(ctx, std::move(y0), saved.layer1);
    auto y2 = layer2.forward(ctx, std::move(y1), saved.layer2);
    auto y3 = layer3.forward(ctx, std::move(y2), saved.layer3);
    auto y4 = layer4.forward(ctx, std::move(y3), saved.layer4);
    auto features = avgpool.forward(ctx, std::move(y4), saved.avgpool);
    return fc.forward(ctx, std::move(features), saved.fc);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto stem = conv1.infer(ctx, std::move(x));
    stem = bn1.infer(ctx, std::move(stem));
    auto y0 = maxpool.infer(ctx, std::move(stem));
    auto y1 = layer1.infer(ctx, std::move(y0));
    auto y2 = layer2.infer(ctx, std::move(y1));
    auto y3 = layer3.infer(ctx, std::move(y2));
    auto y4 = layer4.infer(ctx, std::move(y3));
    return fc.infer(ctx, avgpool.infer(ctx, std::move(y4)));
  }

  /// The gradient of the loss with respect to the images; adds those of the parameters to `grad`.
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, ResNet& grad) const {
    auto dstem = backward_to_stem(ctx, std::move(dy), saved, grad);
    return conv1.backward(ctx, std::move(dstem), saved.conv1, grad.conv1);
  }

  /// The same without the images' gradient, which training doesn't need.
  template <Shape S>
  constexpr void backward_parameters(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, ResNet& grad) const {
    auto dstem = backward_to_stem(ctx, std::move(dy), saved, grad);
    conv1.backward_weight(ctx, dstem, saved.conv1, grad.conv1);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("conv1", self.conv1...);
    f("bn1", self.bn1...);
    f("maxpool", self.maxpool...);
    f("layer1", self.layer1...);
    f("layer2", self.layer2...);
    f("layer3", self.layer3...);
    f("layer4", self.layer4...);
    f("avgpool", self.avgpool...);
    f("fc", self.fc...);
  }

 private:
  template <Shape S>
  constexpr auto backward_to_stem(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, ResNet& grad) const {
    auto dfeatures = fc.backward(ctx, std::move(dy), saved.fc, grad.fc);
    auto dy4 = avgpool.backward(ctx, std::move(dfeatures), saved.avgpool, grad.avgpool);
    auto dy3 = layer4.backward(ctx, std::move(dy4), saved.layer4, grad.layer4);
    auto dy2 = layer3.backward(ctx, std::move(dy3), saved.layer3, grad.layer3);
    auto dy1 = layer2.backward(ctx, std::move(dy2), saved.layer2, grad.layer2);
    auto dy0 = layer1.backward(ctx, std::move(dy1), saved.layer1, grad.layer1);
    auto dstem = maxpool.backward(ctx, std::move(dy0), saved.maxpool, grad.maxpool);
    return bn1.backward(ctx, std::move(dstem), saved.bn1, grad.bn1);
  }
};

}  // namespace resnet
