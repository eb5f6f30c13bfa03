// SPDX-License-Identifier: MIT
// Pre-activation residual networks (He et al. 2016, arXiv 1603.05027) with the member names of kuangliu/pytorch-cifar,
// whose last stage, unlike the paper's, is followed by no BatchNorm and ReLU:
//   stem -> layer1 … layer4 (Width, 2·, 4·, 8·Width channels, times the block's expansion; halving the image from
//        layer2 on) -> global average pooling -> linear
// The forms' stems are a convolution and the pooling of models/resnet.hpp: the first block normalises.
#pragma once

#include <resnet/compose/chain.hpp>
#include <resnet/models/resnet.hpp>

namespace resnet {

template <template <int, int, int, class> class Block, Depths D, Form F, int Width, int Classes, class B>
struct PreActResNet : Chain<PreActResNet<Block, D, F, Width, Classes, B>> {
  static constexpr int out1 = Width * expansion<Block>, out2 = 2 * out1, out3 = 4 * out1, out4 = 8 * out1;

  std::conditional_t<F == Form::cifar, Conv2d<3, Width, 3, 1, B>, Conv2d<3, Width, 7, 2, B>> conv1;
  std::conditional_t<F == Form::cifar, Identity<B>, MaxPool2d<3, 2, 1, B>> maxpool;
  Stage<Block, Width, out1, 1, D.layer1, B> layer1;
  Stage<Block, out1, out2, 2, D.layer2, B> layer2;
  Stage<Block, out2, out3, 2, D.layer3, B> layer3;
  Stage<Block, out3, out4, 2, D.layer4, B> layer4;
  GlobalAvgPool2d<B> avgpool;
  Linear<out4, Classes, B> linear;

  using Backend = B;
  template <class Other>
  using on = PreActResNet<Block, D, F, Width, Classes, Other>;

  static constexpr auto parts() {
    using Net = PreActResNet;
    return std::tuple(part("conv1", &Net::conv1), part("maxpool", &Net::maxpool), part("layer1", &Net::layer1),
                      part("layer2", &Net::layer2), part("layer3", &Net::layer3), part("layer4", &Net::layer4),
                      part("avgpool", &Net::avgpool), part("linear", &Net::linear));
  }
};

}  // namespace resnet
