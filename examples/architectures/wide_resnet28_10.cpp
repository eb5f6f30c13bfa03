// SPDX-License-Identifier: MIT
#include <resnet/wide_resnet.hpp>

#include "support/network_of.hpp"

static const bool wide_resnet28_10 = register_network<resnet::WideResNet28_10<10>>("wide_resnet28_10", "WRN-28-10");
