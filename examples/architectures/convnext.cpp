// SPDX-License-Identifier: MIT
#include <resnet/convnext.hpp>

#include "support/network_of.hpp"

static const bool convnext = register_network<resnet::SmallConvNeXt<10>>("convnext", "small ConvNeXt");
