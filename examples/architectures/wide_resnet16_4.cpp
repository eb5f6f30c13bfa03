// SPDX-License-Identifier: MIT
#include <resnet/wide_resnet.hpp>

#include "support/network_of.hpp"

static const bool wide_resnet16_4 = register_network<resnet::WideResNet16_4<10>>("wide_resnet16_4", "WRN-16-4");
