// SPDX-License-Identifier: MIT
#include <resnet/core/random.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

using namespace resnet;

// Random123's kat_vectors: philox4x32, 10 rounds.
TEST_CASE("philox: known answers") {
  static_assert(philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t ones = 0xffffffff;
  static_assert(philox({ones, ones, ones, ones}, {ones, ones}) ==
                Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("random_words: seed, stream and index all reach the key or the counter") {
  constexpr std::uint64_t high = std::uint64_t{1} << 40;
  const Words base = random_words({1, 2}, 3);
  CHECK(base == philox({3, 0, 2, 0}, {1, 0}));
  for (const Words& other : {random_words({1 + high, 2}, 3), random_words({1, 2 + high}, 3),
                             random_words({1, 2}, 3 + high), random_words({2, 2}, 3)})
    CHECK(other != base);
}

TEST_CASE("to_uniform: from 0 to just below 1") {
  static_assert(to_uniform(0, 0) == 0);
  static_assert(to_uniform(0x80000000, 0) == 0.5);
  static_assert(to_uniform(0xffffffff, 0xffffffff) == 1 - 0x1p-53);
}

TEST_CASE("normal_at: the moments and tails of the normal distribution") {
  constexpr int count = 200'000;
  double moments[5] = {};
  int beyond[4] = {}, negative = 0;
  for (int i = 0; i < count; ++i) {
    const double x = normal_at({1, 2}, static_cast<std::uint64_t>(i));
    for (int k = 1; k <= 4; ++k) moments[k] += std::pow(x, k) / count;
    for (int k = 1; k <= 3; ++k) beyond[k] += std::abs(x) > k;
    negative += x < 0;
  }
  const double root = std::sqrt(count);  // standard errors: sqrt(1, 2, 15, 96) / root
  CHECK(std::abs(moments[1]) < 4 * 1 / root);
  CHECK(std::abs(moments[2] - 1) < 4 * 1.41 / root);
  CHECK(std::abs(moments[3]) < 4 * 3.87 / root);
  CHECK(std::abs(moments[4] - 3) < 4 * 9.80 / root);
  CHECK(std::abs(negative - count / 2) < 2 * root);
  const double expected[] = {0, 0.317310508, 0.045500264, 0.002699796};
  for (int k = 1; k <= 3; ++k) CHECK(std::abs(beyond[k] - expected[k] * count) < 4 * std::sqrt(expected[k] * count));
}

TEST_CASE("normal_at and uniform_at: the same bits on every platform") {
  std::uint64_t normals = 0, uniforms = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    normals = std::rotl(normals, 1) ^ std::bit_cast<std::uint64_t>(normal_at({2023, for_init | 5}, i));
    uniforms = std::rotl(uniforms, 1) ^ std::bit_cast<std::uint64_t>(uniform_at({2023, for_init | 5}, i));
  }
  CHECK(normals == 13914238110291640139u);
  CHECK(uniforms == 13819967078110182874u);
}

TEST_CASE("Random: draws the stream's numbers one after the other") {
  const RandomStream stream{9, for_shuffle};
  Random random{stream};
  CHECK(random.uniform() == uniform_at(stream, 0));
  CHECK(random.normal() == normal_at(stream, 1));
  random.below(10);
  random.chance(0.5);
  CHECK(random.position == 4);
  CHECK(random.uniform(2, 6) == 2 + 4 * uniform_at(stream, 4));
  Random resumed{stream, 3};
  CHECK(resumed.uniform() == uniform_at(stream, 3));
}

TEST_CASE("Random: below is uniform") {
  for (const std::uint32_t n : {1u, 2u, 10u, 1000u, 4'294'967'295u}) {
    Random random{{4, n}};
    constexpr int count = 100'000;
    const auto cells = std::min(n, 10u);
    std::vector<int> hits(cells);
    for (int i = 0; i < count; ++i) {
      const std::uint32_t x = random.below(n);
      REQUIRE(x < n);
      ++hits[static_cast<std::size_t>(std::uint64_t{x} * cells / n)];
    }
    double chi2 = 0;
    for (const int h : hits)
      chi2 += std::pow(h - count / static_cast<double>(cells), 2) / (count / static_cast<double>(cells));
    CHECK(chi2 < 28);  // 9 degrees of freedom: 0.1 % are above
  }
}

TEST_CASE("Random: chance") {
  Random random{{5, 5}};
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    hits += random.chance(0.25);
    REQUIRE_FALSE(random.chance(0));
    REQUIRE(random.chance(1));
  }
  CHECK(std::abs(hits - 25'000) < 4 * 137);
}
