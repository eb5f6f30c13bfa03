// SPDX-License-Identifier: MIT
#include <resnet/efficientnet_b0.hpp>

#include "support/network_of.hpp"

static const bool efficientnet_b0 = register_network<resnet::EfficientNetB0<10>>("efficientnet_b0", "EfficientNet-B0");
