// SPDX-License-Identifier: MIT
// Pre-activation ResNet-34 (He et al. 2016, arXiv 1603.05027) for the CPU: stages of 3, 4, 6, 3 basic blocks.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/blocks/preact_block.hpp>
#include <resnet/models/preact_resnet.hpp>

namespace resnet {

/// The CIFAR form: 21,279,306 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using PreActResNet34 = PreActResNet<PreActBlock, Depths{3, 4, 6, 3}, Form::cifar, 64, Classes, B>;

/// The ImageNet form: 21,794,856 parameters for 1,000 classes.
template <int Classes = 1000, class B = Cpu>
using PreActResNet34ImageNet = PreActResNet<PreActBlock, Depths{3, 4, 6, 3}, Form::imagenet, 64, Classes, B>;

}  // namespace resnet
