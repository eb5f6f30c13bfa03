// SPDX-License-Identifier: MIT
// ResNet-34 (He et al. 2015, arXiv 1512.03385) for the CPU: stages of 3, 4, 6, 3 basic blocks.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/blocks/basic_block.hpp>
#include <resnet/models/resnet.hpp>

namespace resnet {

/// The CIFAR form: 21,282,122 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using ResNet34 = ResNet<BasicBlock, Depths{3, 4, 6, 3}, Form::cifar, 64, Classes, B>;

/// The ImageNet form: 21,797,672 parameters for 1,000 classes.
template <int Classes = 1000, class B = Cpu>
using ResNet34ImageNet = ResNet<BasicBlock, Depths{3, 4, 6, 3}, Form::imagenet, 64, Classes, B>;

}  // namespace resnet
