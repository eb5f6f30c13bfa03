// SPDX-License-Identifier: MIT
#include <resnet/resnet18.hpp>

#include "support/network_of.hpp"

static const bool resnet18_narrow =
    register_network<resnet::NarrowResNet18<16, 10>>("resnet18_narrow", "ResNet-18 with a quarter of the channels");
