// SPDX-License-Identifier: MIT
// The CIFAR ResNets of the original paper (He et al. 2015, arXiv 1512.03385, section 4.2) for the CPU.
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/models/cifar_resnet.hpp>

namespace resnet {

/// 269,722 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using ResNet20 = CifarResNet<3, 16, Classes, B>;

/// 464,154 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using ResNet32 = CifarResNet<5, 16, Classes, B>;

/// 658,586 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using ResNet44 = CifarResNet<7, 16, Classes, B>;

/// 853,018 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using ResNet56 = CifarResNet<9, 16, Classes, B>;

/// 1,727,962 parameters for 10 classes.
template <int Classes = 10, class B = Cpu>
using ResNet110 = CifarResNet<18, 16, Classes, B>;

}  // namespace resnet
