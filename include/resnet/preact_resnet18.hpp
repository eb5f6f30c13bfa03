// SPDX-License-Identifier: MIT
// Pre-activation ResNet-18 (He et al. 2016, arXiv 1603.05027) for the CPU: two basic blocks in each of four stages.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/blocks/preact_block.hpp>
#include <resnet/models/preact_resnet.hpp>

namespace resnet {

/// The CIFAR form: 11,171,146 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using PreActResNet18 = PreActResNet<PreActBlock, Depths{2, 2, 2, 2}, Form::cifar, 64, Classes, B>;

/// The ImageNet form: 11,686,696 parameters for 1,000 classes.
template <int Classes = 1000, class B = Cpu>
using PreActResNet18ImageNet = PreActResNet<PreActBlock, Depths{2, 2, 2, 2}, Form::imagenet, 64, Classes, B>;

}  // namespace resnet
