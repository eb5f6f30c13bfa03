// SPDX-License-Identifier: MIT
#include <resnet/cifar_resnet.hpp>

#include "support/network_of.hpp"

static const bool resnet56 = register_network<resnet::ResNet56<10>>("resnet56", "ResNet-56 of the CIFAR family");
