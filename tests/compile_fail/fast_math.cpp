// SPDX-License-Identifier: MIT
// EXPECT: no test for NaN or infinity would work
// MAX_LINES: 15
// WITH: -Ofast -ffast-math -ffinite-math-only
#include <resnet/core/fwd.hpp>

int main() {}
