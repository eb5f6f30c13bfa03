// SPDX-License-Identifier: MIT
#include <resnet/preact_resnet18.hpp>

#include "support/network_of.hpp"

using NarrowPreActResNet18 =
    resnet::PreActResNet<resnet::PreActBlock, resnet::Depths{2, 2, 2, 2}, resnet::Form::cifar, 16, 10, resnet::Cpu>;
static const bool preact_resnet18_narrow = register_network<NarrowPreActResNet18>(
    "preact_resnet18_narrow", "pre-activation ResNet-18 with a quarter of the channels");
