// SPDX-License-Identifier: MIT
// AlexNet with one tower (Krizhevsky 2014, arXiv 1404.5997) for the CPU.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/models/alexnet.hpp>

namespace resnet {

/// The CIFAR form: 2,472,266 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using AlexNet = AlexNetModel<Form::cifar, 64, Classes, B>;

/// The ImageNet form: 61,100,840 parameters for 1,000 classes.
template <int Classes = 1000, class B = Cpu>
using AlexNetImageNet = AlexNetModel<Form::imagenet, 64, Classes, B>;

}  // namespace resnet
