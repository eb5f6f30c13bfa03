// SPDX-License-Identifier: MIT
// LeNet-5 (LeCun et al. 1998) for the CPU.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/models/lenet.hpp>

namespace resnet {

/// For images of 32×32 pixels: 62,006 parameters for 3 channels and 10 classes, 61,706 for 1 channel.
template <int Classes = 10, int Channels = 3, class B = Cpu>
using LeNet5 = LeNet<Channels, 0, Classes, B>;

/// For MNIST's grey images of 28×28 pixels, which the first convolution pads to the paper's 32×32: 61,706
/// parameters.
template <int Classes = 10, class B = Cpu>
using LeNet5Mnist = LeNet<1, 2, Classes, B>;

}  // namespace resnet
