// SPDX-License-Identifier: MIT
#pragma once

#define RESNET_VERSION "0.1.0"
