// SPDX-License-Identifier: MIT
#include <resnet/densenet121.hpp>

#include "support/network_of.hpp"

static const bool densenet121 = register_network<resnet::DenseNet121<10>>("densenet121", "DenseNet-121");
