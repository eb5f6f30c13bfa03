// SPDX-License-Identifier: MIT
#include <resnet/alexnet.hpp>

#include "support/network_of.hpp"

static const bool alexnet = register_network<resnet::AlexNet<10>>("alexnet", "AlexNet");
