// SPDX-License-Identifier: MIT
// A small network like ConvNeXt (Liu et al. 2022, arXiv 2201.03545) for the CPU.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/models/convnext.hpp>

namespace resnet {

/// For images of 32×32 pixels, with the depths of ConvNeXt-Femto.
template <int Classes = 10, class B = Cpu>
using SmallConvNeXt = ConvNeXt<32, Depths{2, 2, 6, 2}, Classes, B>;

}  // namespace resnet
