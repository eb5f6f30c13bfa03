// SPDX-License-Identifier: MIT
#include <resnet/vgg16.hpp>

#include "support/network_of.hpp"

static const bool vgg16_bn = register_network<resnet::VGG16BN<10>>("vgg16_bn", "VGG-16 with BatchNorm");
