// SPDX-License-Identifier: MIT
#include <resnet/resnet34.hpp>

#include "support/network_of.hpp"

static const bool resnet34 = register_network<resnet::ResNet34<10>>("resnet34", "ResNet-34");
