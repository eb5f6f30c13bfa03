// SPDX-License-Identifier: MIT
// A network like ConvNeXt (Liu et al. 2022, arXiv 2201.03545) for small images: its stem takes patches of 2×2 pixels
// instead of 4×4, and its blocks have no scale for each channel.
//   stem -> stage1 -> (LayerNorm, 2×2 convolution of stride 2) -> stage2 -> … -> stage4 (Width, 2·, 4·, 8·Width channels)
//        -> global average pooling -> LayerNorm -> head
#pragma once

#include <resnet/blocks/convnext_block.hpp>
#include <resnet/compose/chain.hpp>
#include <resnet/compose/stage.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/layers/pooling.hpp>
#include <resnet/models/resnet.hpp>  // Depths

namespace resnet {

template <int Width, Depths D, int Classes, class B>
struct ConvNeXt : Chain<ConvNeXt<Width, D, Classes, B>> {
  Conv2d<3, Width, 2, 2, B, 0, true> stem_conv;
  LayerNorm2d<Width, B> stem_norm;
  Stage<ConvNeXtBlock, Width, Width, 1, D.layer1, B> stage1;
  LayerNorm2d<Width, B> norm2;
  Conv2d<Width, 2 * Width, 2, 2, B, 0, true> conv2;
  Stage<ConvNeXtBlock, 2 * Width, 2 * Width, 1, D.layer2, B> stage2;
  LayerNorm2d<2 * Width, B> norm3;
  Conv2d<2 * Width, 4 * Width, 2, 2, B, 0, true> conv3;
  Stage<ConvNeXtBlock, 4 * Width, 4 * Width, 1, D.layer3, B> stage3;
  LayerNorm2d<4 * Width, B> norm4;
  Conv2d<4 * Width, 8 * Width, 2, 2, B, 0, true> conv4;
  Stage<ConvNeXtBlock, 8 * Width, 8 * Width, 1, D.layer4, B> stage4;
  GlobalAvgPool2d<B> avgpool;
  LayerNorm2d<8 * Width, B> norm;
  Linear<8 * Width, Classes, B> head;

  using Backend = B;
  template <class Other>
  using on = ConvNeXt<Width, D, Classes, Other>;

  static constexpr auto parts() {
    using Net = ConvNeXt;
    return std::tuple(
        part("stem.0", &Net::stem_conv), part("stem.1", &Net::stem_norm), part("stage1", &Net::stage1),
        part("downsample2.0", &Net::norm2), part("downsample2.1", &Net::conv2), part("stage2", &Net::stage2),
        part("downsample3.0", &Net::norm3), part("downsample3.1", &Net::conv3), part("stage3", &Net::stage3),
        part("downsample4.0", &Net::norm4), part("downsample4.1", &Net::conv4), part("stage4", &Net::stage4),
        part("avgpool", &Net::avgpool), part("norm", &Net::norm), part("head", &Net::head));
  }
};

}  // namespace resnet
