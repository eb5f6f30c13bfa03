// SPDX-License-Identifier: MIT
// EXPECT: the layer L has no 'visit'
// WITH: -DFREEZE
// MAX_LINES: 25
#ifdef WRONG
#define LACKS_VISIT
#endif
#include "own_layer.hpp"
#include "use_network.hpp"
