// SPDX-License-Identifier: MIT
// For functions that are no templates and expensive to compile. Their headers declare them, RESNET_ONCE before it, and have
// the bodies at the end, between #ifdef RESNET_BODIES and #endif: inline, or compiled once in resnet::compiled
// (cmake/compiled/once.cpp).
#pragma once

#ifdef RESNET_COMPILED
#define RESNET_ONCE
#else
#define RESNET_ONCE inline
#define RESNET_BODIES
#endif
