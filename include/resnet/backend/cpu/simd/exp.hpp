// SPDX-License-Identifier: MIT
// The exponential function of a vector of floats.
#pragma once

#include <resnet/backend/cpu/simd/vec.hpp>

#include <bit>
#include <cstdint>

namespace resnet::inline RESNET_ISA::cpu {

using Bits [[gnu::vector_size(4 * lanes)]] = std::uint32_t;  // of a Vec's floats

/// e^x to 1.5 units in the last place for x in [-87.3, 88.3], what is outside being moved there; NaN stays
/// NaN.
///   e^x = 2^k · e^r,   k = round(x / ln 2),   r = x - k · ln 2 in [-0.35, 0.35],
/// with ln 2 in two parts (Cody & Waite 1980), so that r is as precise as x, and Taylor's sum for e^r to r^7,
/// whose rest is below 0.35^8 / 8! = 6e-9.
inline Vec exp(Vec x) {
  x = max(broadcast(-87.3f), x);
  x = -max(broadcast(-88.3f), -x);
  const Vec shifter = broadcast(0x1.8p23f);  // a float this large has no fraction: the sum ends in k's bits
  const Vec shifted = fma(x, broadcast(0x1.715476p0f), shifter);
  const Vec k = shifted - shifter;
  Vec r = fma(k, broadcast(-0x1.62e4p-1f), x);
  r = fma(k, broadcast(-0x1.7f7d1cp-20f), r);
  constexpr float coefficients[] = {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f};
  Vec sum = broadcast(1.0f / 5040);
#pragma GCC unroll 7
  for (const float coefficient : coefficients) sum = fma(sum, r, broadcast(coefficient));
  const Bits power = (std::bit_cast<Bits>(shifted) + 127) << 23;
  return sum * std::bit_cast<Vec>(power);
}

}  // namespace resnet::inline RESNET_ISA::cpu
