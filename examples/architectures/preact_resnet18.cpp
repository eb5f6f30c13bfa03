// SPDX-License-Identifier: MIT
#include <resnet/preact_resnet18.hpp>

#include "support/network_of.hpp"

static const bool preact_resnet18 =
    register_network<resnet::PreActResNet18<10>>("preact_resnet18", "pre-activation ResNet-18");
