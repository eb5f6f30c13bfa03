// SPDX-License-Identifier: MIT
// EXPECT: the layer L has no 'forward'
// WITH: -DTRAINER
// MAX_LINES: 25
#ifdef WRONG
#define LACKS_FORWARD
#endif
#include "own_layer.hpp"
#include "use_network.hpp"
