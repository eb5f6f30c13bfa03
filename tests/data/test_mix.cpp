// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/data/mix.hpp>

#include <algorithm>
#include <limits>
#include <vector>

using namespace resnet;

namespace {

constexpr Shape image{2, 6, 5};

/// n images whose values are all k + 1.
std::vector<float> flat(int n) {
  std::vector<float> x;
  for (int k = 1; k <= n; ++k) x.insert(x.end(), image.size(), static_cast<float>(k));
  return x;
}

}  // namespace

TEST_CASE("mixing: moments of the gamma and beta distributions") {
  constexpr int draws = 40'000;
  for (const double a : {0.1, 0.2, 0.5, 1.0, 1.5, 4.0}) {
    CAPTURE(a);
    Random random{{1, static_cast<std::uint64_t>(100 * a)}};
    double gamma = 0, gamma_square = 0, beta = 0, beta_square = 0;
    for (int i = 0; i < draws; ++i) {
      const double g = draw_gamma(a + 1, random), b = draw_beta(a, random);
      REQUIRE(g > 0);
      REQUIRE(b >= 0);
      REQUIRE(b <= 1);
      REQUIRE(b * 0x1p24 == std::floor(b * 0x1p24));
      gamma += g / draws, gamma_square += g * g / draws;
      beta += b / draws, beta_square += (b - 0.5) * (b - 0.5) / draws;
    }
    // Five standard deviations: gamma's fourth central moment is 3s² + 6s, beta's at most that of ±1/2.
    const double s = a + 1;
    CHECK(std::abs(gamma - s) < 5 * std::sqrt(s / draws));
    CHECK(std::abs(gamma_square - gamma * gamma - s) < 5 * std::sqrt((2 * s * s + 6 * s) / draws));
    const double variance = 1 / (4 * (2 * a + 1));
    CHECK(std::abs(beta - 0.5) < 5 * std::sqrt(variance / draws));
    CHECK(std::abs(beta_square - variance) < 5 * std::sqrt(variance / 4 / draws));
  }
}

TEST_CASE("mixing: numbers for every alpha above 0, also where the gamma numbers vanish or overflow") {
  using Limits = std::numeric_limits<double>;
  for (const double a : {Limits::denorm_min(), 1e-320, Limits::min(), 1e-100, 1e-12}) {
    CAPTURE(a);
    Random random{{2, 0}};
    int ones = 0;
    for (int i = 0; i < 1000; ++i) {
      const double b = draw_beta(a, random);
      REQUIRE((b == 0 || b == 1));
      ones += b == 1;
    }
    CHECK(std::abs(ones - 500) < 80);  // 5 standard deviations
    CHECK(random.position >= 6000);
  }
  for (const double a : {1e10, 1e100, Limits::max()}) {
    CAPTURE(a);
    Random random{{2, 0}};
    for (int i = 0; i < 1000; ++i) REQUIRE(draw_beta(a, random) == doctest::Approx(0.5).epsilon(1e-4));
  }
}

TEST_CASE("mixup: each image with the one before it") {
  std::vector<float> x = flat(3), first(image.size());
  mix_images({{0, 0, image.h, image.w}, 0.75f, 0.75}, image, x, first);
  const float expected[] = {0.75f * 1 + 0.25f * 3, 0.75f * 2 + 0.25f * 1, 0.75f * 3 + 0.25f * 2};
  for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(x[i] == expected[i / image.size()]);
  const std::vector<std::int32_t> labels{7, 8, 9};
  std::vector<std::int32_t> partners(3);
  roll_labels(labels, partners.data());
  CHECK(partners == std::vector<std::int32_t>{9, 7, 8});

  std::vector<float> alone = flat(1);
  mix_images({{0, 0, image.h, image.w}, 0.25f, 0.25}, image, alone, first);
  CHECK(alone == flat(1));
}

TEST_CASE("CutMix: the labels' weights are the shares of the pixels, exactly") {
  double partner = 0;
  constexpr int draws = 2000;
  for (int i = 0; i < draws; ++i) {
    Random random{{3, static_cast<std::uint64_t>(i)}};
    const MixChoice choice = draw_mix({.cutmix_alpha = 1}, image, random);
    std::vector<float> x = flat(3), first(image.size());
    mix_images(choice, image, x, first);
    for (int k = 0; k < 3; ++k) {
      const auto begin = x.begin() + k * static_cast<int>(image.size());
      const auto count = [&](int value) {
        return static_cast<int>(std::count(begin, begin + static_cast<int>(image.size()), static_cast<float>(value)));
      };
      const int own = count(k + 1), other = count(k > 0 ? k : 3);
      REQUIRE(own + other == static_cast<int>(image.size()));
      REQUIRE(other == image.c * choice.box.area());
      REQUIRE(choice.label == 1 - other / static_cast<double>(image.size()));
    }
    partner += (1 - choice.label) / draws;
  }
  CHECK(partner > 0.1);  // less than the 1/2 of an image without border and pixels
  CHECK(partner < 0.5);
}

TEST_CASE("CutMix: on a large image the box has 1 - lambda of the area, if the border leaves it") {
  constexpr Shape large{1, 1000, 1000};
  int whole = 0;
  for (std::uint64_t i = 0; i < 500; ++i) {
    Random random{{4, i}}, same{{4, i}};
    const MixChoice choice = draw_mix({.cutmix_alpha = 1}, large, random);
    same.below(2);
    const double share = 1 - draw_beta(1, same);
    CHECK(1 - choice.label < share + 1e-9);
    if (choice.box.top > 0 && choice.box.left > 0 && choice.box.bottom < 1000 && choice.box.right < 1000) {
      ++whole;
      CHECK(1 - choice.label == doctest::Approx(share).epsilon(0.005).scale(1));
    }
  }
  CHECK(whole > 50);
}

TEST_CASE("mixing: with both, half of the batches get each") {
  int cutmix = 0;
  for (int batch = 0; batch < 2000; ++batch) {
    const auto draw = [&](const Mix& mix) {
      Random random{mix_stream(1, 2, batch)};
      return draw_mix(mix, image, random);
    };
    const MixChoice both = draw({0.5, 1.5}), again = draw({0.5, 1.5});
    CHECK(both.label == again.label);
    const bool cut = both.weight == 0;
    cutmix += cut;
    // What a batch gets is what it would get from one of them alone.
    CHECK(both.label == draw(cut ? Mix{0, 1.5} : Mix{0.5, 0}).label);
  }
  CHECK(std::abs(cutmix - 1000) < 112);  // 5 standard deviations
}

TEST_CASE("mixing: options that don't make sense are refused") {
  CHECK_THROWS_WITH_AS(validate(Mix{-1, 0}),
                       "mixing: expected finite alphas of 0 or more, found -1.000000 for mixup and 0.000000 for CutMix",
                       Error);
  CHECK_THROWS_AS(validate(Mix{0, std::nan("")}), Error);
  CHECK_THROWS_AS(validate(Mix{std::numeric_limits<double>::infinity(), 0}), Error);
  validate(Mix{0.2, 1});
  CHECK_FALSE(Mix{}.any());
  CHECK(Mix{0, 1}.any());
}
