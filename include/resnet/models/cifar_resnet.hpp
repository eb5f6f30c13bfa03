// SPDX-License-Identifier: MIT
// The residual networks for CIFAR of the original paper (He et al. 2015, arXiv 1512.03385, section 4.2): 6·Depth + 2
// layers, with the member names of akamaster/pytorch_resnet_cifar10.
//   stem -> layer1 … layer3 (Depth basic blocks each; Width, 2·, 4·Width channels; halving the image from layer2 on)
//        -> global average pooling -> linear
#pragma once

#include <resnet/blocks/padded_block.hpp>
#include <resnet/compose/chain.hpp>
#include <resnet/compose/stage.hpp>
#include <resnet/layers/linear.hpp>

namespace resnet {

template <int Depth, int Width, int Classes, class B>
struct CifarResNet : Chain<CifarResNet<Depth, Width, Classes, B>> {
  Conv2d<3, Width, 3, 1, B> conv1;
  BatchNormReLU<Width, B> bn1;
  Stage<PaddedBlock, Width, Width, 1, Depth, B> layer1;
  Stage<PaddedBlock, Width, 2 * Width, 2, Depth, B> layer2;
  Stage<PaddedBlock, 2 * Width, 4 * Width, 2, Depth, B> layer3;
  GlobalAvgPool2d<B> avgpool;
  Linear<4 * Width, Classes, B> linear;

  using Backend = B;
  template <class Other>
  using on = CifarResNet<Depth, Width, Classes, Other>;

  static constexpr auto parts() {
    using Net = CifarResNet;
    return std::tuple(part("conv1", &Net::conv1), part("bn1", &Net::bn1), part("layer1", &Net::layer1),
                      part("layer2", &Net::layer2), part("layer3", &Net::layer3), part("avgpool", &Net::avgpool),
                      part("linear", &Net::linear));
  }
};

}  // namespace resnet
