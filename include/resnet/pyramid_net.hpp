// SPDX-License-Identifier: MIT
// PyramidNet (Han et al. 2017, arXiv 1610.02915) for the CPU.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/models/pyramid_net.hpp>

namespace resnet {

/// 110 layers, from 16 to 16 + 84 channels: 3,904,446 parameters for 10 classes. Its 54 blocks are 54 types: a program
/// that trains it takes three times as long to compile as one for ResNet-18.
template <int Classes = 10, class B = Cpu>
using PyramidNet110_84 = PyramidNet<110, 84, 16, Classes, B>;

}  // namespace resnet
