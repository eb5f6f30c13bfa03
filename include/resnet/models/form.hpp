// SPDX-License-Identifier: MIT
// What images a network is made for: CIFAR's of 32×32 pixels or ImageNet's of 224×224.
#pragma once

namespace resnet {

enum class Form { cifar, imagenet };

}  // namespace resnet
