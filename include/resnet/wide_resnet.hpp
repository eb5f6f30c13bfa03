// SPDX-License-Identifier: MIT
// Wide residual networks (Zagoruyko & Komodakis 2016, arXiv 1605.07146) for the CPU.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/models/wide_resnet.hpp>

namespace resnet {

/// 2,748,890 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using WideResNet16_4 = WideResNet<16, 4, 16, Classes, B>;

/// 36,479,194 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using WideResNet28_10 = WideResNet<28, 10, 16, Classes, B>;

}  // namespace resnet
