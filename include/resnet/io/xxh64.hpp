// SPDX-License-Identifier: MIT
// XXH64 (Yann Collet, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md): a checksum that finds
// damage, not intent, as fast as memory.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace resnet {

inline std::uint64_t xxh64(std::span<const std::byte> data, std::uint64_t seed) {
  constexpr std::uint64_t prime[] = {0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
                                     0x27D4EB2F165667C5};
  const std::byte *at = data.data(), *const end = at + data.size();
  const auto next = [&]<class Word>(Word word) {
    std::memcpy(&word, at, sizeof(word));
    at += sizeof(word);
    return std::uint64_t{word};
  };
  const auto round = [&](std::uint64_t lane, std::uint64_t word) {
    return std::rotl(lane + word * prime[1], 31) * prime[0];
  };

  std::uint64_t hash = seed + prime[4];
  if (data.size() >= 32) {
    std::uint64_t lanes[4] = {seed + prime[0] + prime[1], seed + prime[1], seed, seed - prime[0]};
    while (end - at >= 32)
      for (std::uint64_t& lane : lanes) lane = round(lane, next(std::uint64_t{}));
    hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
    for (const std::uint64_t lane : lanes) hash = (hash ^ round(0, lane)) * prime[0] + prime[3];
  }
  hash += data.size();
  while (end - at >= 8) hash = std::rotl(hash ^ round(0, next(std::uint64_t{})), 27) * prime[0] + prime[3];
  if (end - at >= 4) hash = std::rotl(hash ^ next(std::uint32_t{}) * prime[0], 23) * prime[1] + prime[2];
  while (at < end) hash = std::rotl(hash ^ next(std::uint8_t{}) * prime[4], 11) * prime[0];

  hash = (hash ^ hash >> 33) * prime[1];
  hash = (hash ^ hash >> 29) * prime[2];
  return hash ^ hash >> 32;
}

}  // namespace resnet
