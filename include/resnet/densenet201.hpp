// SPDX-License-Identifier: MIT
// DenseNet-201 (Huang et al. 2017, arXiv 1608.06993) for the CPU: blocks of 6, 12, 48, 32 layers, growth 32.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/models/densenet.hpp>

namespace resnet {

/// The CIFAR form: 18,104,330 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using DenseNet201 = DenseNet<Depths{6, 12, 48, 32}, Form::cifar, 64, 32, Classes, B>;

/// The ImageNet form: 20,013,928 parameters for 1,000 classes.
template <int Classes = 1000, class B = Cpu>
using DenseNet201ImageNet = DenseNet<Depths{6, 12, 48, 32}, Form::imagenet, 64, 32, Classes, B>;

}  // namespace resnet
