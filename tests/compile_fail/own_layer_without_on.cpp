// SPDX-License-Identifier: MIT
// EXPECT: the layer L has no 'template <class Other> using on'
// WITH: -DEVALUATE
// MAX_LINES: 25
#ifdef WRONG
#define LACKS_ON
#endif
#include "own_layer.hpp"
#include "use_network.hpp"
