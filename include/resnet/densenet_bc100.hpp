// SPDX-License-Identifier: MIT
// DenseNet-BC-100 (Huang et al. 2017, arXiv 1608.06993) for the CPU: three blocks of 16 layers, growth 12.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/models/densenet.hpp>

namespace resnet {

/// 769,162 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using DenseNetBC100 = DenseNet<Depths{16, 16, 16, 0}, Form::cifar, 24, 12, Classes, B>;

}  // namespace resnet
