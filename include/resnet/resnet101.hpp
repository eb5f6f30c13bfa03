// SPDX-License-Identifier: MIT
// ResNet-101 (He et al. 2015, arXiv 1512.03385) for the CPU: stages of 3, 4, 23, 3 bottlenecks.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/blocks/bottleneck.hpp>
#include <resnet/models/resnet.hpp>

namespace resnet {

/// The CIFAR form: 42,512,970 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using ResNet101 = ResNet<Bottleneck, Depths{3, 4, 23, 3}, Form::cifar, 64, Classes, B>;

/// The ImageNet form: 44,549,160 parameters for 1,000 classes.
template <int Classes = 1000, class B = Cpu>
using ResNet101ImageNet = ResNet<Bottleneck, Depths{3, 4, 23, 3}, Form::imagenet, 64, Classes, B>;

}  // namespace resnet
