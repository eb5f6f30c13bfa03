// SPDX-License-Identifier: MIT
// ResNet-50 (He et al. 2015, arXiv 1512.03385) for the CPU: stages of 3, 4, 6, 3 bottlenecks.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/blocks/bottleneck.hpp>
#include <resnet/models/resnet.hpp>

namespace resnet {

/// The CIFAR form: 23,520,842 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using ResNet50 = ResNet<Bottleneck, Depths{3, 4, 6, 3}, Form::cifar, 64, Classes, B>;

/// The ImageNet form: 25,557,032 parameters for 1,000 classes.
template <int Classes = 1000, class B = Cpu>
using ResNet50ImageNet = ResNet<Bottleneck, Depths{3, 4, 6, 3}, Form::imagenet, 64, Classes, B>;

}  // namespace resnet
