// SPDX-License-Identifier: MIT
// A function in a header that is not inline is defined here and in second.cpp: the program does not link.
#include "all.hpp"

int second();

int main() { return second(); }
