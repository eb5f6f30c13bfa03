// SPDX-License-Identifier: MIT
// EfficientNet-B0 (Tan & Le 2019, arXiv 1905.11946) for the CPU.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/models/efficientnet.hpp>

namespace resnet {

/// The CIFAR form: 4,020,358 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using EfficientNetB0 = EfficientNet<EfficientNetB0Table, Form::cifar, Classes, B>;

/// The ImageNet form: 5,288,548 parameters for 1,000 classes, 0.39 G multiply-accumulates for 224×224.
template <int Classes = 1000, class B = Cpu>
using EfficientNetB0ImageNet = EfficientNet<EfficientNetB0Table, Form::imagenet, Classes, B>;

}  // namespace resnet
