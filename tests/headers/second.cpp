// SPDX-License-Identifier: MIT
#include "all.hpp"

int second() { return 0; }
