// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/core/fwd.hpp>

#include <immintrin.h>

#include <cstddef>

namespace resnet::inline RESNET_ISA::cpu {

using Vec = __m512;
inline constexpr int lanes = 16;
inline constexpr int registers = 32;

inline Vec load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, Vec v) { _mm512_storeu_ps(p, v); }
inline void stream(float* p, Vec v) { _mm512_stream_ps(p, v); }
inline __mmask16 first(int count) { return static_cast<__mmask16>((1u << count) - 1); }
inline Vec load_part(const float* p, int count) { return _mm512_maskz_loadu_ps(first(count), p); }
inline void store_part(float* p, Vec v, int count) { _mm512_mask_storeu_ps(p, first(count), v); }
inline Vec gather(const float* p, std::ptrdiff_t stride) {
  const __m512i index = _mm512_mullo_epi32(_mm512_set1_epi32(static_cast<int>(stride)),
                                           _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  return _mm512_mask_i32gather_ps(Vec{}, 0xffff, index, p, 4);
}
inline Vec broadcast(float x) { return _mm512_set1_ps(x); }
inline Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
inline Vec max(Vec a, Vec b) { return a > b ? a : b; }
inline Vec where_positive(Vec x, Vec a) { return x > Vec{} ? a : Vec{}; }
inline void pin(Vec& v) { asm("" : "+v"(v)); }

}  // namespace resnet::inline RESNET_ISA::cpu
