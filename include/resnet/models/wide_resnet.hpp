// SPDX-License-Identifier: MIT
// Wide residual networks WRN-Depth-Widen (Zagoruyko & Komodakis 2016, arXiv 1605.07146) with the member names of
// xternalz/WideResNet-pytorch.
//   stem -> block1 … block3 ((Depth - 4) / 6 pre-activation blocks each; Widen·Width, 2·, 4·Widen·Width channels; halving
//        the image from block2 on) -> BatchNorm, ReLU -> global average pooling -> fc
// Dropout between a block's convolutions is off until set_dropout(model, p) (layers/dropout.hpp) turns it on.
#pragma once

#include <resnet/blocks/wide_block.hpp>
#include <resnet/compose/chain.hpp>
#include <resnet/compose/stage.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/layers/pooling.hpp>

namespace resnet {

template <int Depth, int Widen, int Width, int Classes, class B>
struct WideResNet : Chain<WideResNet<Depth, Widen, Width, Classes, B>> {
  static_assert(Depth >= 10 && (Depth - 4) % 6 == 0, "a WRN has 6·n + 4 layers");
  static constexpr int blocks = (Depth - 4) / 6, out1 = Widen * Width, out2 = 2 * out1, out3 = 4 * out1;

  Conv2d<3, Width, 3, 1, B> conv1;
  Stage<WideBlock, Width, out1, 1, blocks, B> block1;
  Stage<WideBlock, out1, out2, 2, blocks, B> block2;
  Stage<WideBlock, out2, out3, 2, blocks, B> block3;
  BatchNormReLU<out3, B> bn1;
  GlobalAvgPool2d<B> avgpool;
  Linear<out3, Classes, B> fc;

  using Backend = B;
  template <class Other>
  using on = WideResNet<Depth, Widen, Width, Classes, Other>;

  static constexpr auto parts() {
    using Net = WideResNet;
    return std::tuple(part("conv1", &Net::conv1), part("block1.layer", &Net::block1),
                      part("block2.layer", &Net::block2), part("block3.layer", &Net::block3), part("bn1", &Net::bn1),
                      part("avgpool", &Net::avgpool), part("fc", &Net::fc));
  }
};

}  // namespace resnet
