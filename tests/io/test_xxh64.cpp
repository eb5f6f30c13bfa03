// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <resnet/io/xxh64.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

using namespace resnet;

TEST_CASE("xxh64: the values of the reference implementation") {
  const auto hash = [](std::string_view text, std::uint64_t seed) {
    return xxh64(std::as_bytes(std::span(text)), seed);
  };
  CHECK(hash("", 0) == 0xEF46DB3751D8E999);
  CHECK(hash("a", 0) == 0xD24EC4F1A98C6E5B);
  CHECK(hash("abc", 0) == 0x44BC2CF5AD770999);
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i * 7919 % 251);
  CHECK(hash(std::string_view(bytes).substr(0, 4), 1) == 0x359A181B028DFFBA);
  CHECK(hash(std::string_view(bytes).substr(0, 8), 2) == 0x646235670B751804);
  CHECK(hash(std::string_view(bytes).substr(0, 31), 3) == 0x0FEB197C914CE28C);
  CHECK(hash(std::string_view(bytes).substr(0, 32), 4) == 0x9AEF71B43934604F);
  CHECK(hash(std::string_view(bytes).substr(0, 33), 0) == 0x55E88ADBF7C6BA56);
  CHECK(hash(std::string_view(bytes).substr(0, 63), ~std::uint64_t{0}) == 0xEAAA8E316436205B);
  CHECK(hash(std::string_view(bytes).substr(0, 1000), 2654435761) == 0xF3CD84D999710894);
}
