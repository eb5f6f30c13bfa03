// SPDX-License-Identifier: MIT
// EXPECT: the kernel is larger than the padded input
// WITH: -DFREEZE
// MAX_LINES: 25
#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/layers/pooling.hpp>

using namespace resnet;

constexpr Shape image{3, 32, 32};
#ifdef WRONG
using Net = Sequential<Conv2d<3, 16, 3, 2>, MaxPool2d<17>, Linear<16, 10>>;
#else
using Net = Sequential<Conv2d<3, 16, 3, 2>, MaxPool2d<16>, Linear<16, 10>>;
#endif
#include "use_network.hpp"
