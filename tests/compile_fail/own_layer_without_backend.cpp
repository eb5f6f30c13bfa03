// SPDX-License-Identifier: MIT
// EXPECT: the layer L has no 'using Backend = B;'
// WITH: -DTRAINER
// MAX_LINES: 25
#ifdef WRONG
#define LACKS_BACKEND
#endif
#include "own_layer.hpp"
#include "use_network.hpp"
