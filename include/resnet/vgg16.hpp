// SPDX-License-Identifier: MIT
// VGG-16 (Simonyan & Zisserman 2014, arXiv 1409.1556, configuration D) for the CPU, without and with
// BatchNorm.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/models/vgg.hpp>

namespace resnet {

inline constexpr VggDepths vgg16_depths{2, 2, 3, 3, 3};

/// The CIFAR form: 14,719,818 parameters for 10 classes, 14,728,266 with BatchNorm.
template <int Classes = 10, class B = Cpu>
using VGG16 = VGG<ConvReLU, vgg16_depths, Form::cifar, 64, Classes, B>;
template <int Classes = 10, class B = Cpu>
using VGG16BN = VGG<ConvNormReLU, vgg16_depths, Form::cifar, 64, Classes, B>;

/// The ImageNet form: 138,357,544 parameters for 1,000 classes, 138,365,992 with BatchNorm.
template <int Classes = 1000, class B = Cpu>
using VGG16ImageNet = VGG<ConvReLU, vgg16_depths, Form::imagenet, 64, Classes, B>;
template <int Classes = 1000, class B = Cpu>
using VGG16BNImageNet = VGG<ConvNormReLU, vgg16_depths, Form::imagenet, 64, Classes, B>;

}  // namespace resnet
