// SPDX-License-Identifier: MIT
#include <resnet/densenet_bc100.hpp>

#include "support/network_of.hpp"

static const bool densenet_bc100 = register_network<resnet::DenseNetBC100<10>>("densenet_bc100", "DenseNet-BC-100");
