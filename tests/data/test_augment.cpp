// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <resnet/data/augment.hpp>

#include <cmath>
#include <limits>
#include <set>
#include <tuple>

using namespace resnet;

namespace {

Dataset random_images(Shape shape, int n, std::uint64_t seed) {
  Dataset data{shape, {"only"}, {}, {}};
  Random random{{seed, 0}};
  for (std::size_t i = 0; i < shape.size() * static_cast<std::size_t>(n); ++i)
    data.images.push_back(static_cast<std::uint8_t>(random.below(256)));
  data.labels.assign(static_cast<std::size_t>(n), 0);
  return data;
}

}  // namespace

TEST_CASE("crop, flip and normalise follow the formula") {
  constexpr Shape shape{3, 6, 5};
  const Dataset data = random_images(shape, 1, 1);
  const Normalize normalize = cifar10_normalize();
  const NormalizeTable table(normalize, 3);
  std::vector<float> y(shape.size());
  for (const bool flip : {false, true})
    for (int dy = -4; dy <= 4; ++dy)
      for (int dx = -4; dx <= 4; ++dx) {
        prepare_image(data.images.data(), shape, {dy, dx, flip}, table, y.data());
        double worst = 0;
        for (int h = 0; h < shape.h; ++h)
          for (int w = 0; w < shape.w; ++w)
            for (int c = 0; c < shape.c; ++c) {
              const int from_h = h + dy, from_w = (flip ? shape.w - 1 - w : w) + dx;
              const bool padding = from_h < 0 || from_h >= shape.h || from_w < 0 || from_w >= shape.w;
              const auto at = [&](int i, int j) { return static_cast<std::size_t>((i * shape.w + j) * 3 + c); };
              const double byte = padding ? 0 : data.images[at(from_h, from_w)];
              const auto k = static_cast<std::size_t>(c);
              const double expected = (byte / 255 - normalize.mean[k]) / normalize.std[k];
              worst = std::max(worst, std::abs(static_cast<double>(y[at(h, w)]) - expected));
            }
        CAPTURE(flip);
        CAPTURE(dy);
        CAPTURE(dx);
        CHECK(worst < 3e-7);  // half a float step at 2.7, the greatest magnitude
      }
}

TEST_CASE("computed normalisation is the mean and standard deviation of the bytes") {
  const Dataset data = random_images({2, 7, 3}, 5, 2);
  const Normalize found = compute_normalize(data);
  REQUIRE(found.mean.size() == 2);
  for (std::size_t c = 0; c < 2; ++c) {
    double mean = 0, variance = 0;
    for (std::size_t i = c; i < data.images.size(); i += 2) mean += data.images[i] / 255.0 / 105;
    for (std::size_t i = c; i < data.images.size(); i += 2)
      variance += (data.images[i] / 255.0 - mean) * (data.images[i] / 255.0 - mean) / 105;
    CHECK(found.mean[c] == doctest::Approx(mean).epsilon(1e-12));
    CHECK(found.std[c] == doctest::Approx(std::sqrt(variance)).epsilon(1e-12));
  }
  Dataset flat = data;
  std::fill(flat.images.begin(), flat.images.end(), std::uint8_t{51});
  CHECK(compute_normalize(flat).mean[0] == doctest::Approx(0.2));
  CHECK(compute_normalize(flat).std[0] == 1);
  CHECK_THROWS_AS(compute_normalize(data.first(0)), Error);
}

TEST_CASE("an empty normalisation leaves values from 0 to 1, one that does not fit is refused") {
  const NormalizeTable table({}, 2);
  CHECK(table(0, 0) == 0);
  CHECK(table(1, 255) == 1);
  CHECK_THROWS_WITH_AS(NormalizeTable(cifar10_normalize(), 1),
                       "normalisation: expected 1 means and standard deviations, found 3 and 3", Error);
  CHECK_THROWS_AS(NormalizeTable({{0.5}, {0.0}}, 1), Error);
  CHECK_THROWS_AS(NormalizeTable({{0.5}, {std::nan("")}}, 1), Error);
  CHECK_THROWS_AS(NormalizeTable({{0.5}, {std::numeric_limits<double>::infinity()}}, 1), Error);
  CHECK_THROWS_WITH_AS(NormalizeTable({{std::nan("")}, {0.5}}, 1),
                       "normalisation: channel 0: expected a finite mean and a positive standard deviation, found nan "
                       "and 0.500000",
                       Error);
}

TEST_CASE("crops and flips are uniform and belong to (seed, epoch, image)") {
  const auto draw = [](std::uint64_t seed, int epoch, int image, Augment augment = cifar_augment) {
    Random random{augment_stream(seed, epoch, image)};
    const CropFlip c = draw_crop_flip(augment, random);
    return std::tuple(c.dy, c.dx, c.flip);
  };
  std::set<std::tuple<int, int, bool>> seen;
  int flips = 0;
  for (int image = 0; image < 4000; ++image) {
    const auto [dy, dx, flip] = draw(1, 0, image);
    REQUIRE(std::abs(dy) <= 4);
    REQUIRE(std::abs(dx) <= 4);
    seen.insert({dy, dx, flip});
    flips += flip;
  }
  CHECK(seen.size() == 9 * 9 * 2);
  CHECK(std::abs(flips - 2000) < 160);  // 5 standard deviations

  int same_seed = 0, same_epoch = 0;
  for (int image = 0; image < 200; ++image) {
    CHECK(draw(1, 2, image) == draw(1, 2, image));
    same_seed += draw(1, 2, image) == draw(2, 2, image);
    same_epoch += draw(1, 2, image) == draw(1, 3, image);
    const auto [dy, dx, flip] = draw(1, 2, image);
    CHECK(draw(1, 2, image, {4, false}) == std::tuple(dy, dx, false));
    CHECK(draw(1, 2, image, {0, true}) == std::tuple(0, 0, flip));
  }
  CHECK(same_seed < 10);  // about 1 in 162 agrees by chance
  CHECK(same_epoch < 10);
}

TEST_CASE("each augmentation draws from a place of its own: one more leaves the choices of the others") {
  constexpr Shape shape{3, 12, 12};
  const Dataset data = random_images(shape, 1, 3);
  const NormalizeTable table(cifar10_normalize(), 3);
  std::vector<std::uint8_t> scratch(2 * shape.size());
  for (int image = 0; image < 50; ++image) {
    const RandomStream stream = augment_stream(1, 2, image);
    const auto augmented = [&](const Augment& augment) {
      std::vector<float> y(shape.size());
      const Random rest = augment_image(data.image(0), shape, augment, stream, table, scratch, y);
      CHECK(rest.stream == stream);
      CHECK(rest.position == 3);
      return y;
    };
    // The parts one by one: crop and flip, RandAugment on bytes, normalisation, erasing.
    Random crop{stream}, rand{stream, rand_augment_position}, erasing{stream, erase_position};
    std::vector<std::uint8_t> bytes(shape.size()), spare(shape.size());
    std::vector<float> y(shape.size());
    const CropFlip choice = draw_crop_flip(cifar_augment, crop);
    crop_flip(
        data.images.data(), shape, choice, [](std::size_t, std::uint8_t v) { return v; }, bytes.data());
    prepare_image(bytes.data(), shape, {}, table, y.data());
    CHECK(augmented(cifar_augment) == y);
    rand_augment({2, 9}, shape, bytes, spare, rand);
    prepare_image(bytes.data(), shape, {}, table, y.data());
    CHECK(augmented({4, true, {2, 9}}) == y);
    erase({5, 0.5}, shape, y, erasing);
    CHECK(augmented({4, true, {2, 9}, {5, 0.5}}) == y);

    const std::vector<float> erased = augmented({4, true, {}, {5, 0}}), whole = augmented(cifar_augment);
    int zeros = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (erased[i] == 0) CHECK(y[i] == 0);  // the same square
      zeros += erased[i] == 0;
      if (erased[i] != 0) CHECK(erased[i] == whole[i]);
    }
    CHECK(zeros >= 3 * 3 * 3);
  }
}

TEST_CASE("augmentation: options that don't make sense are refused") {
  validate(cifar_augment);
  validate(Augment{.crop_padding = max_crop_padding});
  CHECK_THROWS_WITH_AS(validate(Augment{.crop_padding = std::numeric_limits<int>::max()}),
                       "augmentation: expected a crop padding from 0 to 1048576 pixels, found 2147483647", Error);
  CHECK_THROWS_AS(validate(Augment{.crop_padding = -1}), Error);
  CHECK_THROWS_AS(validate(Augment{.rand_augment = {2, 31}}), Error);
  CHECK_THROWS_AS(validate(Augment{.erase = {-1, 0}}), Error);
}
