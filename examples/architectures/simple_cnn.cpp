// SPDX-License-Identifier: MIT
#include <resnet/baselines.hpp>

#include "support/network_of.hpp"

static const bool simple_cnn = register_network<resnet::SimpleCNN<10>>("simple_cnn", "SimpleCNN");
