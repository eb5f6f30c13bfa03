// SPDX-License-Identifier: MIT
// For processors without a file of their own: four scalars, in the compilers' vector extension, which uses
// what the target has (SSE2 on any x86-64) and plain scalar code otherwise.
#pragma once

#include <resnet/core/fwd.hpp>

#include <cstddef>
#include <cstring>

namespace resnet::inline RESNET_ISA::cpu {

using Vec [[gnu::vector_size(16)]] = float;
inline constexpr int lanes = 4;
inline constexpr int registers = 16;

inline Vec load(const float* p) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store(float* p, Vec v) { std::memcpy(p, &v, sizeof v); }
inline void stream(float* p, Vec v) { store(p, v); }
inline Vec load_part(const float* p, int count) {
  Vec v{};
  for (int i = 0; i < count; ++i) v[i] = p[i];
  return v;
}
inline void store_part(float* p, Vec v, int count) {
  for (int i = 0; i < count; ++i) p[i] = v[i];
}
inline Vec gather(const float* p, std::ptrdiff_t stride) { return Vec{p[0], p[stride], p[2 * stride], p[3 * stride]}; }
inline Vec broadcast(float x) { return Vec{x, x, x, x}; }
inline Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }  // not fused: without hardware that is a function call
inline Vec max(Vec a, Vec b) { return a > b ? a : b; }
inline Vec where_positive(Vec x, Vec a) { return x > Vec{} ? a : Vec{}; }
inline void pin(Vec&) {}

}  // namespace resnet::inline RESNET_ISA::cpu
