// SPDX-License-Identifier: MIT
#include <resnet/lenet5.hpp>

#include "support/network_of.hpp"

static const bool lenet5 = register_network<resnet::LeNet5<10>>("lenet5", "LeNet-5");
