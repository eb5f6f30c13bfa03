// SPDX-License-Identifier: MIT
#pragma once

/// Begins a function that is no template and expensive to compile: inline, or compiled once in resnet::compiled.
#ifdef RESNET_COMPILED
#define RESNET_ONCE
#else
#define RESNET_ONCE inline
#endif
