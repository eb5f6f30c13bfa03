// SPDX-License-Identifier: MIT
// What begins with RESNET_ONCE (core/once.hpp).
#include <resnet/io/bodies/atomic_file.hpp>
#include <resnet/io/bodies/input_file.hpp>
#include <resnet/io/bodies/rename.hpp>
#include <resnet/io/bodies/safetensors.hpp>
#include <resnet/io/bodies/safetensors_header.hpp>
#include <resnet/io/bodies/state_loader.hpp>
