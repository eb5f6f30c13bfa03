// SPDX-License-Identifier: MIT
#include <resnet/baselines.hpp>

#include "support/network_of.hpp"

static const bool convnet = register_network<resnet::ConvNet<10>>("convnet", "ConvNet");
