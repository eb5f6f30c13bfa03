// SPDX-License-Identifier: MIT
// EXPECT: the layer L has no 'static constexpr Shape out(Shape in)'
// WITH: -DEVALUATE
// MAX_LINES: 25
#ifdef WRONG
#define LACKS_OUT
#endif
#include "own_layer.hpp"
#include "use_network.hpp"
