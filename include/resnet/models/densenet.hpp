// SPDX-License-Identifier: MIT
// Densely connected networks with bottlenecks and compression, DenseNet-BC (Huang et al. 2017, arXiv
// 1608.06993), with torchvision's member names.
//   stem -> denseblock1 -> transition1 -> … -> denseblock4 -> norm5, relu -> global average pooling ->
//   classifier
// Each dense layer adds Growth channels, each transition halves channels and image. Two forms: the CIFAR
// form's stem is one 3×3 convolution; the ImageNet form's a 7×7 convolution of stride 2, BatchNorm, ReLU and
// a 3×3 max-pooling of stride 2. A fourth block of depth 0 leaves out its transition too: the paper's
// networks for CIFAR have three.
#pragma once

#include <resnet/blocks/dense_block.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/models/form.hpp>
#include <resnet/models/resnet.hpp>  // Depths

#include <type_traits>

namespace resnet {

template <Depths D, Form F, int Stem, int Growth, int Classes, class B>
struct DenseNet {
  static constexpr int half1 = (Stem + D.layer1 * Growth) / 2, half2 = (half1 + D.layer2 * Growth) / 2,
                       out3 = half2 + D.layer3 * Growth, in4 = D.layer4 ? out3 / 2 : out3,
                       features = in4 + D.layer4 * Growth;
  using Conv0 = std::conditional_t<F == Form::cifar, Conv2d<3, Stem, 3, 1, B>, Conv2d<3, Stem, 7, 2, B>>;
  using Norm0 = std::conditional_t<F == Form::cifar, Identity<B>, BatchNormReLU<Stem, B>>;
  using Pool0 = std::conditional_t<F == Form::cifar, Identity<B>, MaxPool2d<3, 2, 1, B>>;
  using Block1 = DenseBlock<Stem, Growth, D.layer1, B>;
  using Transition1 = Transition<Stem + D.layer1 * Growth, half1, B>;
  using Block2 = DenseBlock<half1, Growth, D.layer2, B>;
  using Transition2 = Transition<half1 + D.layer2 * Growth, half2, B>;
  using Block3 = DenseBlock<half2, Growth, D.layer3, B>;
  using Transition3 = std::conditional_t<D.layer4 == 0, Identity<B>, Transition<out3, in4, B>>;
  using Block4 = DenseBlock<in4, Growth, D.layer4, B>;
  using Norm5 = BatchNormReLU<features, B>;
  using Head = Linear<features, Classes, B>;

  Conv0 conv0;
  Norm0 norm0;
  Pool0 pool0;
  Block1 denseblock1;
  Transition1 transition1;
  Block2 denseblock2;
  Transition2 transition2;
  Block3 denseblock3;
  Transition3 transition3;
  Block4 denseblock4;
  Norm5 norm5;
  GlobalAvgPool2d<B> avgpool;
  Head classifier;

  using Backend = B;
  template <class Other>
  using on = DenseNet<D, F, Stem, Growth, Classes, Other>;

  static constexpr Shape out(Shape) { return {Classes}; }

  template <Shape S>
  struct Saved {
    static constexpr Shape stem = Conv0::out(S);
    static constexpr Shape s0 = Pool0::out(stem);
    static constexpr Shape d1 = Block1::out(s0);
    static constexpr Shape s1 = Transition1::out(d1);
    static constexpr Shape d2 = Block2::out(s1);
    static constexpr Shape s2 = Transition2::out(d2);
    static constexpr Shape d3 = Block3::out(s2);
    static constexpr Shape s3 = Transition3::out(d3);
    static constexpr Shape d4 = Block4::out(s3);
    static constexpr Shape pooled = {features};
    SavedOf<Conv0, S> conv0;
    SavedOf<Norm0, stem> norm0;
    SavedOf<Pool0, stem> pool0;
    SavedOf<Block1, s0> denseblock1;
    SavedOf<Transition1, d1> transition1;
    SavedOf<Block2, s1> denseblock2;
    SavedOf<Transition2, d2> transition2;
    SavedOf<Block3, s2> denseblock3;
    SavedOf<Transition3, d3> transition3;
    SavedOf<Block4, s3> denseblock4;
    SavedOf<Norm5, d4> norm5;
    SavedOf<GlobalAvgPool2d<B>, d4> avgpool;
    SavedOf<Head, pooled> classifier;
  };

  /// Images (n, h, w, 3) to logits (n, Classes).
  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto stem = conv0.forward(ctx, std::move(x), saved.conv0);
    stem = norm0.forward(ctx, std::move(stem), saved.norm0);
    auto y0 = pool0.forward(ctx, std::move(stem), saved.pool0);
    auto d1 = denseblock1.forward(ctx, std::move(y0), saved.denseblock1);
    auto y1 = transition1.forward(ctx, std::move(d1), saved.transition1);
    auto d2 = denseblock2.forward(ctx, std::move(y1), saved.denseblock2);
    auto y2 = transition2.forward(ctx, std::move(d2), saved.transition2);
    auto d3 = denseblock3.forward(ctx, std::move(y2), saved.denseblock3);
    auto y3 = transition3.forward(ctx, std::move(d3), saved.transition3);
    auto d4 = denseblock4.forward(ctx, std::move(y3), saved.denseblock4);
    d4 = norm5.forward(ctx, std::move(d4), saved.norm5);
    auto pooled = avgpool.forward(ctx, std::move(d4), saved.avgpool);
    return classifier.forward(ctx, std::move(pooled), saved.classifier);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto stem = conv0.infer(ctx, std::move(x));
    stem = norm0.infer(ctx, std::move(stem));
    auto y0 = pool0.infer(ctx, std::move(stem));
    auto y1 = transition1.infer(ctx, denseblock1.infer(ctx, std::move(y0)));
    auto y2 = transition2.infer(ctx, denseblock2.infer(ctx, std::move(y1)));
    auto y3 = transition3.infer(ctx, denseblock3.infer(ctx, std::move(y2)));
    auto y4 = norm5.infer(ctx, denseblock4.infer(ctx, std::move(y3)));
    return classifier.infer(ctx, avgpool.infer(ctx, std::move(y4)));
  }

  /// The gradient of the loss with respect to the images; adds those of the parameters to `grad`.
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, DenseNet& grad) const {
    auto dstem = backward_to_stem(ctx, std::move(dy), saved, grad);
    return conv0.backward(ctx, std::move(dstem), saved.conv0, grad.conv0);
  }

  /// The same without the images' gradient, which training doesn't need.
  template <Shape S>
  constexpr void backward_parameters(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, DenseNet& grad) const {
    auto dstem = backward_to_stem(ctx, std::move(dy), saved, grad);
    conv0.backward_weight(ctx, dstem, saved.conv0, grad.conv0);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("features.conv0", self.conv0...);
    f("features.norm0", self.norm0...);
    f("features.pool0", self.pool0...);
    f("features.denseblock1", self.denseblock1...);
    f("features.transition1", self.transition1...);
    f("features.denseblock2", self.denseblock2...);
    f("features.transition2", self.transition2...);
    f("features.denseblock3", self.denseblock3...);
    f("features.transition3", self.transition3...);
    f("features.denseblock4", self.denseblock4...);
    f("features.norm5", self.norm5...);
    f("avgpool", self.avgpool...);
    f("classifier", self.classifier...);
  }

 private:
  template <Shape S>
  constexpr auto backward_to_stem(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, DenseNet& grad) const {
    auto dpooled = classifier.backward(ctx, std::move(dy), saved.classifier, grad.classifier);
    auto dd4 = avgpool.backward(ctx, std::move(dpooled), saved.avgpool, grad.avgpool);
    dd4 = norm5.backward(ctx, std::move(dd4), saved.norm5, grad.norm5);
    auto dy3 = denseblock4.backward(ctx, std::move(dd4), saved.denseblock4, grad.denseblock4);
    auto dd3 = transition3.backward(ctx, std::move(dy3), saved.transition3, grad.transition3);
    auto dy2 = denseblock3.backward(ctx, std::move(dd3), saved.denseblock3, grad.denseblock3);
    auto dd2 = transition2.backward(ctx, std::move(dy2), saved.transition2, grad.transition2);
    auto dy1 = denseblock2.backward(ctx, std::move(dd2), saved.denseblock2, grad.denseblock2);
    auto dd1 = transition1.backward(ctx, std::move(dy1), saved.transition1, grad.transition1);
    auto dy0 = denseblock1.backward(ctx, std::move(dd1), saved.denseblock1, grad.denseblock1);
    auto dstem = pool0.backward(ctx, std::move(dy0), saved.pool0, grad.pool0);
    return norm0.backward(ctx, std::move(dstem), saved.norm0, grad.norm0);
  }
};

}  // namespace resnet
