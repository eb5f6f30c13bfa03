// SPDX-License-Identifier: MIT
// EXPECT: the layer L has no 'backward'
// WITH: -DTRAINER
// MAX_LINES: 25
#ifdef WRONG
#define LACKS_BACKWARD
#endif
#include "own_layer.hpp"
#include "use_network.hpp"
