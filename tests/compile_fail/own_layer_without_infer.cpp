// SPDX-License-Identifier: MIT
// EXPECT: the layer L has no 'infer'
// WITH: -DFREEZE
// MAX_LINES: 25
#ifdef WRONG
#define LACKS_INFER
#endif
#include "own_layer.hpp"
#include "use_network.hpp"
