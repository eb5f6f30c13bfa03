// SPDX-License-Identifier: MIT
// bfloat16: the upper half of a float, with its exponent and 8 bits of precision instead of 24.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace resnet {

/// Becomes a float wherever it is computed with; a float becomes the nearest bf16, of two the even one. NaN stays NaN.
struct bf16 {
  std::uint16_t bits = 0;

  constexpr bf16() = default;
  constexpr explicit bf16(float x) {
    const auto word = std::bit_cast<std::uint32_t>(x);
    // Adding carries into the exponent where it should, but would make infinity of a NaN whose upper half is all ones.
    const std::uint32_t half = 0x7fff + (word >> 16 & 1);
    bits = static_cast<std::uint16_t>((x == x ? word + half : word | 0x400000) >> 16);
  }
  /// Rounds twice: first to float.
  constexpr explicit bf16(double x) : bf16(static_cast<float>(x)) {}
  constexpr explicit bf16(int x) : bf16(static_cast<float>(x)) {}
  constexpr operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

}  // namespace resnet

template <>
struct std::numeric_limits<resnet::bf16> {
  static constexpr bool is_specialized = true;
  static constexpr resnet::bf16 epsilon() noexcept { return resnet::bf16(0x1p-7f); }
  static constexpr resnet::bf16 quiet_NaN() noexcept { return resnet::bf16(std::numeric_limits<float>::quiet_NaN()); }
};
