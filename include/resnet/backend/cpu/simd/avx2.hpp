// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/core/fwd.hpp>

#include <immintrin.h>

#include <cstddef>

namespace resnet::inline RESNET_ISA::cpu {

using Vec = __m256;
inline constexpr int lanes = 8;
inline constexpr int registers = 16;

inline Vec load(const float* p) { return _mm256_loadu_ps(p); }
inline void store(float* p, Vec v) { _mm256_storeu_ps(p, v); }
inline void stream(float* p, Vec v) { _mm256_stream_ps(p, v); }
inline __m256i first(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline Vec load_part(const float* p, int count) { return _mm256_maskload_ps(p, first(count)); }
inline void store_part(float* p, Vec v, int count) { _mm256_maskstore_ps(p, first(count), v); }
inline Vec gather(const float* p, std::ptrdiff_t stride) {
  const auto s = static_cast<int>(stride);
  return _mm256_i32gather_ps(p, _mm256_setr_epi32(0, s, 2 * s, 3 * s, 4 * s, 5 * s, 6 * s, 7 * s), 4);
}
inline Vec broadcast(float x) { return _mm256_set1_ps(x); }
inline Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
inline Vec max(Vec a, Vec b) { return a > b ? a : b; }
inline Vec where_positive(Vec x, Vec a) { return x > Vec{} ? a : Vec{}; }
inline void pin(Vec& v) { asm("" : "+x"(v)); }

}  // namespace resnet::inline RESNET_ISA::cpu
