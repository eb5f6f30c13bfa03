// SPDX-License-Identifier: MIT
// ResNet-18 (He et al. 2015, arXiv 1512.03385) for the CPU: two basic blocks in each of four stages.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/blocks/basic_block.hpp>
#include <resnet/layers/relu.hpp>  // for networks of one's own
#include <resnet/models/resnet.hpp>

namespace resnet {

/// The CIFAR form: 11,173,962 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using ResNet18 = ResNet<BasicBlock, Depths{2, 2, 2, 2}, Form::cifar, 64, Classes, B>;

/// The ImageNet form: 11,689,512 parameters for 1,000 classes.
template <int Classes = 1000, class B = Cpu>
using ResNet18ImageNet = ResNet<BasicBlock, Depths{2, 2, 2, 2}, Form::imagenet, 64, Classes, B>;

/// The CIFAR form with `Width` channels in the first stage instead of 64.
template <int Width, int Classes = 10, class B = Cpu>
using NarrowResNet18 = ResNet<BasicBlock, Depths{2, 2, 2, 2}, Form::cifar, Width, Classes, B>;

}  // namespace resnet
