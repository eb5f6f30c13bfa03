// SPDX-License-Identifier: MIT
// A stage of VGG (Simonyan & Zisserman 2014, arXiv 1409.1556): Depth 3×3 convolutions with bias, each
// followed by ReLU or by BatchNorm and ReLU, then 2×2 max-pooling. Shapes: (In, h, w) -> (Out, h / 2, w / 2).
// Its layers are named as those of one nn.Sequential: convolution, BatchNorm if any, ReLU, …, max-pooling.
#pragma once

#include <resnet/compose/sequential.hpp>
#include <resnet/compose/stage.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/pooling.hpp>
#include <resnet/layers/relu.hpp>

namespace resnet {

template <int In, int Out, int Stride, class B>
using ConvReLU = Sequential<Conv2d<In, Out, 3, Stride, B, 1, true>, ReLU<B>>;
template <int In, int Out, int Stride, class B>
using ConvNormReLU = Sequential<Conv2d<In, Out, 3, Stride, B, 1, true>, BatchNormReLU<Out, B>>;

template <template <int, int, int, class> class Block, int In, int Out, int Depth, class B = Cpu>
struct ConvStage : Sequential<Stage<Block, In, Out, 1, Depth, B>, MaxPool2d<2, 2, 0, B>> {
  using First = Block<In, Out, 1, B>;
  using Rest = Block<Out, Out, 1, B>;
  static constexpr std::size_t block_layers = std::is_same_v<First, ConvReLU<In, Out, 1, B>> ? 2 : 3;
  /// How many layers of an nn.Sequential this is.
  static constexpr std::size_t layer_count = Depth * block_layers + 1;

  template <class Other>
  using on = ConvStage<Block, In, Out, Depth, Other>;

  static constexpr void visit(auto&& f, auto&... self) { visit_from(0, f, self...); }
  static constexpr void visit_from(std::size_t number, auto&& f, auto&... self) {
    First::visit_from(number, f, get<0>(self.layers).first...);
    for (std::size_t i = 1; i < Depth; ++i)
      Rest::visit_from(number + i * block_layers, f, get<0>(self.layers).rest[i - 1]...);
  }
};

}  // namespace resnet
