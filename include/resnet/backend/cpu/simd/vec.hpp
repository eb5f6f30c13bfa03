// SPDX-License-Identifier: MIT
// One vector of floats and its operations, for the instruction set that the translation unit is compiled
// for. Kernels are written once against this; an instruction set is one file beside it:
//   Vec, lanes, registers    the type, its floats, how many the processor holds
//   load, store, stream      any alignment; `stream` goes past the caches and needs p aligned to the vector. On
//                            x86 other threads see it after the locked instructions that end a parallel region
//   load_part, store_part    the first `count` floats only; the others are 0 and not touched
//   gather(p, stride)        p[0], p[stride], p[2·stride] …; the last distance fits in an int
//   broadcast, fma           fma(a, b, c) = a·b + c, rounded once where the processor can
//   max(a, b)                a > b ? a : b, so that max(0, x) keeps a NaN in x
//   where_positive(x, a)     a where x > 0, else 0
//   pin                      keeps a value in a register: compilers fold its load into the multiplications
//   + - *                    the compiler's own
#pragma once

#include <resnet/core/fwd.hpp>

#ifdef RESNET_AVX512
#include <resnet/backend/cpu/simd/avx512.hpp>
#elif defined(RESNET_AVX2)
#include <resnet/backend/cpu/simd/avx2.hpp>
#elif defined(RESNET_NEON)
#include <resnet/backend/cpu/simd/neon.hpp>
#else
#include <resnet/backend/cpu/simd/scalar.hpp>
#endif
