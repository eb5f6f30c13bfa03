// SPDX-License-Identifier: MIT
// Random numbers that are the same on every platform and for any number of threads.
//
// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") maps a key and a
// 128-bit counter to 128 random bits, so the i-th number of a stream needs no earlier one. Only integer
// arithmetic and correctly rounded divisions reach a result: no library function decides a bit of it.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace resnet {

using Words = std::array<std::uint32_t, 4>;

/// One block of Philox4x32-10.
constexpr Words philox(Words counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return counter;
}

/// Names one of 2^128 independent streams: the run's seed, and what the numbers are for.
struct RandomStream {
  std::uint64_t seed = 0;
  std::uint64_t id = 0;
  friend constexpr bool operator==(const RandomStream&, const RandomStream&) = default;
};

/// What a stream is for; or-ed with an index (an epoch, an image, a layer) it gives `RandomStream::id`.
enum Purpose : std::uint64_t {
  for_init = std::uint64_t{1} << 56,
  for_shuffle = std::uint64_t{2} << 56,
  for_augment = std::uint64_t{3} << 56,
  for_dropout = std::uint64_t{4} << 56,
  for_synthetic = std::uint64_t{5} << 56,
  for_split = std::uint64_t{6} << 56,
  for_mix = std::uint64_t{7} << 56,
};

/// 128 random bits: block `index` of the stream.
constexpr Words random_words(RandomStream s, std::uint64_t index) {
  return philox({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
                 static_cast<std::uint32_t>(s.id), static_cast<std::uint32_t>(s.id >> 32)},
                {static_cast<std::uint32_t>(s.seed), static_cast<std::uint32_t>(s.seed >> 32)});
}

/// Uniform in [0, 1) with 53 random bits.
constexpr double to_uniform(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>(((std::uint64_t{high} << 32) | low) >> 11) * 0x1p-53;
}

/// The index-th number of a stream, uniform in [0, 1).
constexpr double uniform_at(RandomStream s, std::uint64_t index) {
  const Words r = random_words(s, index);
  return to_uniform(r[0], r[1]);
}

/// The index-th number of a stream, standard normal; index below 2^56.
/// Ratio of uniforms with Leva's bounds (1992): the result is one division, and the logarithm only
/// decides a comparison in the 1 % of cases between the bounds.
inline double normal_at(RandomStream s, std::uint64_t index) {
  for (std::uint64_t attempt = 0;; ++attempt) {
    const Words r = random_words(s, index | (attempt << 56));
    const double u = 1.0 - to_uniform(r[0], r[1]);  // (0, 1]
    const double v = 1.7156 * (to_uniform(r[2], r[3]) - 0.5);
    const double x = u - 0.449871, y = std::abs(v) + 0.386595;
    const double q = x * x + y * (0.19600 * y - 0.25472 * x);
    if (q < 0.27597) return v / u;
    if (q <= 0.27846 && v * v <= -4.0 * u * u * std::log(u)) return v / u;
  }
}

/// Draws from a stream one after the other; `position` counts the draws, so (stream, position) is all
/// there is to save.
struct Random {
  RandomStream stream;
  std::uint64_t position = 0;

  /// Uniform in [0, 1).
  double uniform() { return uniform_at(stream, position++); }
  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Standard normal.
  double normal() { return normal_at(stream, position++); }
  /// Uniform in {0, …, n - 1}; n > 0. (Lemire's multiplication; its bias is below n / 2^64.)
  std::uint32_t below(std::uint32_t n) {
    const Words r = random_words(stream, position++);
    const std::uint64_t high = std::uint64_t{r[0]} * n, low = std::uint64_t{r[1]} * n;
    return static_cast<std::uint32_t>((high + (low >> 32)) >> 32);
  }
  /// True with probability p.
  bool chance(double p) { return uniform() < p; }
};

}  // namespace resnet
