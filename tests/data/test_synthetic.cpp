// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/data/augment.hpp>
#include <resnet/data/synthetic.hpp>

#include <algorithm>
#include <cmath>
#include <set>

using namespace resnet;

namespace {

/// FNV-1a, 64 bits.
std::uint64_t hash(std::span<const std::uint8_t> bytes) {
  std::uint64_t h = 14695981039346656037u;
  for (const std::uint8_t b : bytes) h = (h ^ b) * 1099511628211u;
  return h;
}

int area(int label) {
  int count = 0;
  for (int y = -1500; y <= 1500; y += 10)
    for (int x = -1500; x <= 1500; x += 10) count += figures::figure_color(label, {x, y}) != 0;
  return count * 100;
}

}  // namespace

TEST_CASE("the synthetic images have the same bytes on every platform") {
  const auto [train, test] = make_synthetic(100, 50, 1);
  CHECK(hash(train.images) == 13899197709967923724u);
  CHECK(hash(test.images) == 9491808833699638030u);
}

TEST_CASE("synthetic classes take turns, and an image does not depend on how many there are") {
  const auto [train, test] = make_synthetic(40, 20, 7);
  CHECK_NOTHROW(train.validate());
  CHECK(train.shape == Shape{3, 32, 32});
  CHECK(train.classes() == 10);
  for (int i = 0; i < 40; ++i) CHECK(train.labels[static_cast<std::size_t>(i)] == i % 10);

  const auto fewer = make_synthetic(13, 5, 7);
  CHECK(std::equal(fewer.train.images.begin(), fewer.train.images.end(), train.images.begin()));
  CHECK(std::equal(fewer.test.images.begin(), fewer.test.images.end(), test.images.begin()));
}

TEST_CASE("no synthetic image is in both parts or in another seed's set") {
  std::set<std::uint64_t> seen;
  for (const std::uint64_t seed : {1u, 2u}) {
    const auto [train, test] = make_synthetic(300, 300, seed);
    for (const Dataset* part : {&train, &test})
      for (int i = 0; i < 300; ++i) seen.insert(hash(part->image(i)));
  }
  CHECK(seen.size() == 1200);
}

TEST_CASE("figures cover the area of their formula") {
  constexpr double pi = 3.14159265358979;
  const auto square = [](double v) { return v * v; };
  CHECK(area(0) == doctest::Approx(pi * square(900)).epsilon(0.01));
  CHECK(area(1) == doctest::Approx(pi * (square(1000) - square(580))).epsilon(0.01));
  CHECK(area(2) == doctest::Approx(square(1600)).epsilon(0.02));
  CHECK(area(3) == doctest::Approx(3 * std::sqrt(3.0) / 4 * square(1024)).epsilon(0.01));
  CHECK(area(4) ==
        doctest::Approx(10 * std::tan(pi / 10) / (3 - square(std::tan(pi / 10))) * square(400 / std::cos(2 * pi / 5)))
            .epsilon(0.02));
  CHECK(area(5) == doctest::Approx(4.0 * 320 * 1680 + square(640) - 4 * square(320)).epsilon(0.02));
  for (const int texture : {7, 8, 9}) CHECK(area(texture) == doctest::Approx(pi * square(1400)).epsilon(0.01));
}

TEST_CASE("the classes' mean images are all the same grey: colour does not tell them apart") {
  const Dataset data = make_synthetic(2000, 0, 3).train;
  for (int label = 0; label < 10; ++label) {
    std::vector<int> members;
    for (int i = label; i < data.size(); i += 10) members.push_back(i);
    const Normalize n = compute_normalize(data.subset(members));
    CAPTURE(label);
    for (const double mean : n.mean) CHECK(std::abs(mean - 0.5) < 0.08);  // 4 deviations of 200 random colours
    for (const double std : n.std) CHECK(std == doctest::Approx(0.28).epsilon(0.15));
  }
}
