// SPDX-License-Identifier: MIT
// What begins with RESNET_ONCE (core/once.hpp).
#include <resnet/io/safetensors_parse.hpp>
