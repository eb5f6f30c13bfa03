// SPDX-License-Identifier: MIT
#include <resnet/resnet18.hpp>

#include "support/network_of.hpp"

static const bool resnet18_100 = register_network<resnet::ResNet18<100>>("resnet18", "ResNet-18");
