// SPDX-License-Identifier: MIT
// EXPECT: the input has 'Got' channels
// WITH: -DEVALUATE
// MAX_LINES: 25
#include <resnet/resnet18.hpp>

using namespace resnet;

using Net = NarrowResNet18<4>;
#ifdef WRONG
constexpr Shape image{1, 32, 32};
#else
constexpr Shape image{3, 32, 32};
#endif
#include "use_network.hpp"
