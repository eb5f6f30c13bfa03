// SPDX-License-Identifier: MIT
#include <resnet/vgg16.hpp>

#include "support/network_of.hpp"

static const bool vgg16 = register_network<resnet::VGG16<10>>("vgg16", "VGG-16");
