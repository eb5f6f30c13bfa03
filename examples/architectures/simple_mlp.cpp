// SPDX-License-Identifier: MIT
#include <resnet/baselines.hpp>

#include "support/network_of.hpp"

static const bool simple_mlp = register_network<resnet::SimpleMLP<10>>("simple_mlp", "SimpleMLP");
