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
#include <resnet/compose/chain.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/models/form.hpp>
#include <resnet/models/resnet.hpp>  // Depths

#include <type_traits>

namespace resnet {

template <Depths D, Form F, int Stem, int Growth, int Classes, class B>
struct DenseNet : Chain<DenseNet<D, F, Stem, Growth, Classes, B>> {
  static constexpr int half1 = (Stem + D.layer1 * Growth) / 2, half2 = (half1 + D.layer2 * Growth) / 2,
                       out3 = half2 + D.layer3 * Growth, in4 = D.layer4 ? out3 / 2 : out3,
                       features = in4 + D.layer4 * Growth;

  std::conditional_t<F == Form::cifar, Conv2d<3, Stem, 3, 1, B>, Conv2d<3, Stem, 7, 2, B>> conv0;
  std::conditional_t<F == Form::cifar, Identity<B>, BatchNormReLU<Stem, B>> norm0;
  std::conditional_t<F == Form::cifar, Identity<B>, MaxPool2d<3, 2, 1, B>> pool0;
  DenseBlock<Stem, Growth, D.layer1, B> denseblock1;
  Transition<Stem + D.layer1 * Growth, half1, B> transition1;
  DenseBlock<half1, Growth, D.layer2, B> denseblock2;
  Transition<half1 + D.layer2 * Growth, half2, B> transition2;
  DenseBlock<half2, Growth, D.layer3, B> denseblock3;
  std::conditional_t<D.layer4 == 0, Identity<B>, Transition<out3, in4, B>> transition3;
  DenseBlock<in4, Growth, D.layer4, B> denseblock4;
  BatchNormReLU<features, B> norm5;
  GlobalAvgPool2d<B> avgpool;
  Linear<features, Classes, B> classifier;

  using Backend = B;
  template <class Other>
  using on = DenseNet<D, F, Stem, Growth, Classes, Other>;

  static constexpr auto parts() {
    using Net = DenseNet;
    return std::tuple(part("features.conv0", &Net::conv0), part("features.norm0", &Net::norm0),
                      part("features.pool0", &Net::pool0), part("features.denseblock1", &Net::denseblock1),
                      part("features.transition1", &Net::transition1), part("features.denseblock2", &Net::denseblock2),
                      part("features.transition2", &Net::transition2), part("features.denseblock3", &Net::denseblock3),
                      part("features.transition3", &Net::transition3), part("features.denseblock4", &Net::denseblock4),
                      part("features.norm5", &Net::norm5), part("avgpool", &Net::avgpool),
                      part("classifier", &Net::classifier));
  }
};

}  // namespace resnet
