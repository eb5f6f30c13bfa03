// SPDX-License-Identifier: MIT
// Small networks that others are compared with, for CIFAR images (3×32×32) and the CPU.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/models/baselines.hpp>

namespace resnet {

/// One hidden layer of 64: 197,322 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using SimpleMLP = MLP<64, Classes, B>;

/// Three convolutions and a hidden layer: 122,570 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using SimpleCNN = SimpleCNNModel<32, Classes, B>;

/// Six convolutions with BatchNorm, and dropout: 1,149,770 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using ConvNet = ConvNetModel<64, Classes, B>;

}  // namespace resnet
