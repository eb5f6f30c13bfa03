// SPDX-License-Identifier: MIT
#include <resnet/resnet50.hpp>

#include "support/network_of.hpp"

static const bool resnet50 = register_network<resnet::ResNet50<10>>("resnet50", "ResNet-50");
