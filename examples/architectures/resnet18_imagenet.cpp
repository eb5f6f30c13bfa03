// SPDX-License-Identifier: MIT
#include <resnet/resnet18.hpp>

#include "support/network_of.hpp"

static const bool resnet18_imagenet =
    register_network<resnet::ResNet18ImageNet<10>>("resnet18_imagenet", "ResNet-18 with ImageNet's first layers");
