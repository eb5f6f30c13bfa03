// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/core/fwd.hpp>

#include <arm_neon.h>

#include <cstddef>

namespace resnet::inline RESNET_ISA::cpu {

using Vec = float32x4_t;
inline constexpr int lanes = 4;
inline constexpr int registers = 32;

inline Vec load(const float* p) { return vld1q_f32(p); }
inline void store(float* p, Vec v) { vst1q_f32(p, v); }
inline void stream(float* p, Vec v) { vst1q_f32(p, v); }
inline Vec load_part(const float* p, int count) {
  Vec v{};
  for (int i = 0; i < count; ++i) v[i] = p[i];
  return v;
}
inline void store_part(float* p, Vec v, int count) {
  for (int i = 0; i < count; ++i) p[i] = v[i];
}
inline Vec gather(const float* p, std::ptrdiff_t stride) { return Vec{p[0], p[stride], p[2 * stride], p[3 * stride]}; }
inline Vec broadcast(float x) { return vdupq_n_f32(x); }
inline Vec fma(Vec a, Vec b, Vec c) { return vfmaq_f32(c, a, b); }
inline Vec max(Vec a, Vec b) { return a > b ? a : b; }
inline Vec where_positive(Vec x, Vec a) { return x > Vec{} ? a : Vec{}; }
inline void pin(Vec& v) { asm("" : "+w"(v)); }

}  // namespace resnet::inline RESNET_ISA::cpu
