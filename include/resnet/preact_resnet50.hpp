// SPDX-License-Identifier: MIT
// Pre-activation ResNet-50 (He et al. 2016, arXiv 1603.05027) for the CPU: stages of 3, 4, 6, 3 bottlenecks.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/blocks/preact_block.hpp>
#include <resnet/models/preact_resnet.hpp>

namespace resnet {

/// The CIFAR form: 23,509,066 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using PreActResNet50 = PreActResNet<PreActBottleneck, Depths{3, 4, 6, 3}, Form::cifar, 64, Classes, B>;

/// The ImageNet form: 25,545,256 parameters for 1,000 classes.
template <int Classes = 1000, class B = Cpu>
using PreActResNet50ImageNet = PreActResNet<PreActBottleneck, Depths{3, 4, 6, 3}, Form::imagenet, 64, Classes, B>;

}  // namespace resnet
