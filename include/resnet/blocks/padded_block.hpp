// SPDX-License-Identifier: MIT
// A basic block whose shortcut has no parameters (He et al. 2015, arXiv 1512.03385, option A): where the shape changes it
// takes every Stride-th pixel and adds channels of zeros, half of them before and half behind, as
// akamaster/pytorch_resnet_cifar10 does (the paper doesn't say where).
#pragma once

#include <resnet/blocks/basic_block.hpp>
#include <resnet/layers/pad_channels.hpp>
#include <resnet/layers/pooling.hpp>

namespace resnet {

template <int In, int Out, int Stride, class B>
using PaddedShortcut = std::conditional_t<In == Out && Stride == 1, Identity<B>,
                                          Sequential<AvgPool2d<1, Stride, 0, B>, PadChannels<Out, (Out - In) / 2, B>>>;

template <int In, int Out, int Stride = 1, class B = Cpu>
struct PaddedBlock : BasicBlockWith<In, Out, Stride, PaddedShortcut, B> {
  template <class Other>
  using on = PaddedBlock<In, Out, Stride, Other>;
};

}  // namespace resnet
