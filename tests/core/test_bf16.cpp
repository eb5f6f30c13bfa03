// SPDX-License-Identifier: MIT
#include <resnet/core/bf16.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>

using namespace resnet;

namespace {

bf16 of_bits(std::uint32_t bits) {
  bf16 x;
  x.bits = static_cast<std::uint16_t>(bits);
  return x;
}

}  // namespace

TEST_CASE("bf16: every one becomes a float and the same bf16 again") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float x = of_bits(bits);
    if (std::isnan(x))
      CHECK(std::isnan(float{bf16(x)}));
    else
      CHECK(bf16(x).bits == bits);
  }
}

TEST_CASE("bf16: a float becomes the nearest, of two the even one") {
  for (std::uint32_t bits = 0; bits < 0x7f80; ++bits) {  // up to infinity; the last step is rounding to it
    const std::uint32_t low = bits << 16, middle = low | 0x8000;
    const auto rounded = [](std::uint32_t word) { return bf16(std::bit_cast<float>(word)).bits; };
    CHECK(rounded(low | 1) == bits);
    CHECK(rounded(middle - 1) == bits);
    CHECK(rounded(middle) == bits + bits % 2);
    CHECK(rounded(middle + 1) == bits + 1);
    CHECK(rounded(middle | 0x80000000) == ((bits + bits % 2) | 0x8000));
  }
}

TEST_CASE("bf16: what is no number stays none, and what is too large becomes infinite") {
  for (const std::uint32_t word : {0x7f800001u, 0x7fc00000u, 0x7fffffffu, 0xffffffffu})
    CHECK(std::isnan(float{bf16(std::bit_cast<float>(word))}));
  CHECK(float{bf16(std::numeric_limits<float>::max())} == std::numeric_limits<float>::infinity());
  CHECK(float{bf16(-1e300)} == -std::numeric_limits<float>::infinity());
  CHECK(float{std::numeric_limits<bf16>::epsilon()} == 0x1p-7f);
  CHECK(float{bf16(1.0f + 0x1p-7f)} - 1.0f == 0x1p-7f);
}
