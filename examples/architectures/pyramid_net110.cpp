// SPDX-License-Identifier: MIT
#include <resnet/pyramid_net.hpp>

#include "support/network_of.hpp"

static const bool pyramid_net110 =
    register_network<resnet::PyramidNet110_84<10>>("pyramid_net110", "PyramidNet-110 (α = 84)");
