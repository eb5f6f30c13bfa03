// SPDX-License-Identifier: MIT
#include <resnet/baselines.hpp>

#include "support/network_of.hpp"

static const bool registered = register_network<resnet::SimpleCNN<10>>("simple_cnn", "SimpleCNN");
