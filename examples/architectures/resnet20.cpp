// SPDX-License-Identifier: MIT
#include <resnet/cifar_resnet.hpp>

#include "support/network_of.hpp"

static const bool resnet20 = register_network<resnet::ResNet20<10>>("resnet20", "ResNet-20 of the CIFAR family");
