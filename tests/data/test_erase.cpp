// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/data/erase.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace resnet;

namespace {

constexpr Shape image{3, 32, 24};

int zeros(const std::vector<float>& x) { return static_cast<int>(std::count(x.begin(), x.end(), 0.0f)); }

}  // namespace

TEST_CASE("erasing: a box of zeros in all channels, and nothing else") {
  std::vector<float> x(image.size(), 1);
  erase_box({3, 5, 7, 10}, image, x);
  for (int h = 0; h < image.h; ++h)
    for (int w = 0; w < image.w; ++w)
      for (int c = 0; c < image.c; ++c) {
        const bool inside = h >= 3 && h < 7 && w >= 5 && w < 10;
        REQUIRE(x[static_cast<std::size_t>((h * image.w + w) * image.c + c)] == (inside ? 0 : 1));
      }
}

TEST_CASE("cutout: a square around any pixel, cut off at the border") {
  constexpr int size = 9, draws = 20'000;
  // A row is hit by the centres at most 4 away: on average over them, (9·h - 2·(1 + 2 + 3 + 4)) / h rows are.
  const double rows = size - 20.0 / image.h, columns = size - 20.0 / image.w;
  Random random{{1, 2}};
  double area = 0;
  int whole = 0;
  for (int i = 0; i < draws; ++i) {
    const Box box = draw_clipped_box(size, size, image, random);
    REQUIRE(box.top >= 0);
    REQUIRE(box.left >= 0);
    REQUIRE(box.bottom <= image.h);
    REQUIRE(box.right <= image.w);
    REQUIRE(box.bottom - box.top >= 5);  // 4 and its centre
    REQUIRE(box.right - box.left >= 5);
    area += box.area();
    whole += box.area() == size * size;
  }
  CHECK(area / draws == doctest::Approx(rows * columns).epsilon(0.01));
  CHECK(whole / double{draws} == doctest::Approx(24.0 / 32 * 16 / 24).epsilon(0.04));
  CHECK(draw_clipped_box(0, 0, image, random).area() == 0);
  CHECK(draw_clipped_box(99, 99, image, random).area() == image.h * image.w);
}

TEST_CASE("random erasing: area, ratio and place") {
  Random random{{3, 4}};
  constexpr int draws = 20'000;
  constexpr Shape large{1, 400, 400};  // rounding to whole pixels is small here, and nearly every box fits
  double area = 0, log_ratio = 0, top = 0;
  for (int i = 0; i < draws; ++i) {
    const Box box = draw_erased_box(large, random);
    const int height = box.bottom - box.top, width = box.right - box.left;
    REQUIRE(box.top >= 0);
    REQUIRE(box.left >= 0);
    REQUIRE(box.bottom <= 400);
    REQUIRE(box.right <= 400);
    const double share = box.area() / 160'000.0, ratio = double{1} * height / width;
    REQUIRE(share > 0.019);
    REQUIRE(share < 0.335);
    REQUIRE(ratio > 0.29);
    REQUIRE(ratio < 3.4);
    area += share;
    log_ratio += std::log(ratio);
    top += box.top / (400.0 - height);
  }
  // Some of the longest boxes don't fit (√(0.33·3.3) > 1) and are drawn again.
  CHECK(area / draws == doctest::Approx(0.175).epsilon(0.01));
  CHECK(log_ratio / draws == doctest::Approx((std::log(0.3) + std::log(3.3)) / 2).epsilon(0.01).scale(1));
  CHECK(top / draws == doctest::Approx(0.5).epsilon(0.01));
  CHECK(draw_erased_box({1, 1, 1}, random).area() == 0);  // none that is smaller than the image
}

TEST_CASE("erasing: as often as asked for") {
  Random random{{5, 6}};
  int erased = 0;
  for (int i = 0; i < 4000; ++i) {
    std::vector<float> x(image.size(), 1);
    erase({0, 0.25}, image, x, random);
    erased += zeros(x) > 0;
  }
  CHECK(std::abs(erased - 1000) < 137);  // 5 standard deviations
  std::vector<float> x(image.size(), 1);
  erase({}, image, x, random);
  CHECK(zeros(x) == 0);
  erase({4, 0}, image, x, random);
  CHECK(zeros(x) > 0);
  CHECK(zeros(x) <= 48);
}

TEST_CASE("erasing: options that don't make sense are refused") {
  CHECK_THROWS_WITH_AS(validate(Erase{-1, 0}),
                       "erasing: expected a cutout of 0 pixels or more and a probability from 0 to 1, found -1 and "
                       "0.000000",
                       Error);
  CHECK_THROWS_AS(validate(Erase{0, 1.5}), Error);
  CHECK_THROWS_AS(validate(Erase{0, std::nan("")}), Error);
  validate(Erase{8, 1});
}
