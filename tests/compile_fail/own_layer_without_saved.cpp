// SPDX-License-Identifier: MIT
// EXPECT: the layer L has no 'template <Shape S> struct Saved'
// WITH: -DTRAINER -DEVALUATE -DFREEZE
// MAX_LINES: 25
#ifdef WRONG
#define LACKS_SAVED
#endif
#include "own_layer.hpp"
#include "use_network.hpp"
