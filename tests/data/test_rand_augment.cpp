// SPDX-License-Identifier: MIT
// Expected bytes are computed by hand from the operations' definitions.
#include <doctest/doctest.h>

#include <resnet/data/rand_augment.hpp>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

using namespace resnet;

namespace {

using Op = ImageOperation;
using Bytes = std::vector<std::uint8_t>;

Bytes apply(Op operation, int magnitude, Shape s, const Bytes& x) {
  Bytes y(x.size(), 77);
  apply_image_operation(operation, magnitude, s, x, y.data());
  return y;
}

Bytes random_bytes(Shape s, std::uint64_t seed) {
  Bytes x(s.size());
  Random random{{seed, 0}};
  for (std::uint8_t& v : x) v = static_cast<std::uint8_t>(random.below(256));
  return x;
}

constexpr Op all[] = {
    Op::shear_x,    Op::shear_y,   Op::translate_x, Op::translate_y, Op::rotate,    Op::color,    Op::contrast,
    Op::brightness, Op::sharpness, Op::identity,    Op::solarize,    Op::posterize, Op::equalize, Op::auto_contrast,
};

}  // namespace

TEST_CASE("RandAugment: at magnitude 0 what depends on it changes nothing") {
  for (const Shape s : {Shape{3, 8, 6}, Shape{1, 5, 7}, Shape{2, 1, 1}}) {
    Bytes x = random_bytes(s, 1);
    std::replace(x.begin(), x.end(), std::uint8_t{255}, std::uint8_t{254});  // solarize inverts 255 always
    for (const Op op : all)
      if (op != Op::auto_contrast && op != Op::equalize) CHECK(apply(op, 0, s, x) == x);
  }
  CHECK(apply(Op::solarize, 0, {1}, {254}) == Bytes{254});
  CHECK(apply(Op::solarize, 0, {1}, {255}) == Bytes{0});
}

TEST_CASE("RandAugment: shearing") {
  // At m = 30 row h is read from ⌊w + 0.5 + 0.3·(h + 0.5)⌋: half a pixel's lead, so row 1 is still in place
  // (0.95), rows 2, 3 and 4 move by one (1.25, 1.55, 1.85) and row 5 by two.
  const Shape s{1, 6, 3};
  const Bytes x{1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3};
  CHECK(apply(Op::shear_x, 30, s, x) == Bytes{1, 2, 3, 1, 2, 3, 2, 3, 0, 2, 3, 0, 2, 3, 0, 3, 0, 0});
  CHECK(apply(Op::shear_x, -30, s, x) == Bytes{1, 2, 3, 1, 2, 3, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 0, 1});
  // The same of the transposed image.
  const Bytes columns{1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3};
  CHECK(apply(Op::shear_y, 30, {1, 3, 6}, columns) == Bytes{1, 1, 2, 2, 2, 3, 2, 2, 3, 3, 3, 0, 3, 3, 0, 0, 0, 0});
  CHECK(apply(Op::shear_y, -30, {1, 3, 6}, columns) == Bytes{1, 1, 0, 0, 0, 0, 2, 2, 1, 1, 1, 0, 3, 3, 2, 2, 2, 1});
}

TEST_CASE("RandAugment: translation") {
  // ⌊150 / 331 · 9 / 30 · 8⌋ = 1, and 14 at magnitude 30 and 32 pixels.
  const Bytes row{1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(apply(Op::translate_x, 9, {1, 1, 8}, row) == Bytes{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(apply(Op::translate_x, -9, {1, 1, 8}, row) == Bytes{2, 3, 4, 5, 6, 7, 8, 0});
  CHECK(apply(Op::translate_y, 9, {1, 8, 1}, row) == Bytes{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(apply(Op::translate_y, -9, {2, 4, 1}, row) == row);  // half a pixel
  Bytes wide(32), moved(32, 0);
  std::iota(wide.begin(), wide.end(), std::uint8_t{1});
  std::copy_n(wide.begin(), 32 - 14, moved.begin() + 14);
  CHECK(apply(Op::translate_x, 30, {1, 1, 32}, wide) == moved);
}

TEST_CASE("RandAugment: rotation is counterclockwise about the centre") {
  // 90° are none of its magnitudes, but what the operation is made of can do it.
  const Bytes x{1, 2, 3, 4, 5, 6, 7, 8, 9};
  Bytes y(9);
  apply_image_operation(ImageOperation::rotate, 90, {1, 3, 3}, x, y.data());
  CHECK(y == Bytes{3, 6, 9, 2, 5, 8, 1, 4, 7});
  apply_image_operation(ImageOperation::rotate, -90, {1, 3, 3}, x, y.data());
  CHECK(y == Bytes{7, 4, 1, 8, 5, 2, 9, 6, 3});
  apply_image_operation(ImageOperation::rotate, 180, {1, 3, 3}, x, y.data());
  CHECK(y == Bytes{9, 8, 7, 6, 5, 4, 3, 2, 1});

  // 30° there and back leaves a smooth image's middle within the steps of two pixels.
  const Shape s{1, 32, 32};
  Bytes smooth(s.size());
  for (int i = 0; i < 1024; ++i)
    smooth[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(3 * (i / 32) + 4 * (i % 32));
  const Bytes turned = apply(Op::rotate, 30, s, smooth), back = apply(Op::rotate, -30, s, turned);
  CHECK(turned[0] == 0);  // a corner comes from outside
  int worst = 0, moved = 0;
  for (int h = 10; h < 22; ++h)
    for (int w = 10; w < 22; ++w) {
      const auto i = static_cast<std::size_t>(h * 32 + w);
      worst = std::max(worst, std::abs(back[i] - smooth[i]));
      moved = std::max(moved, std::abs(turned[i] - smooth[i]));
    }
  CHECK(worst <= 7);
  CHECK(moved > 7);
}

TEST_CASE("RandAugment: brightness, contrast and color are blends by 1 + 0.03·m") {
  CHECK(apply(Op::brightness, 10, {1, 1, 4}, {0, 10, 199, 200}) == Bytes{0, 13, 255, 255});  // 258.7, 260
  CHECK(apply(Op::brightness, -10, {1, 1, 4}, {0, 10, 199, 255}) == Bytes{0, 7, 139, 178});
  // Mean grey 100: 100 + 1.3·(v - 100).
  CHECK(apply(Op::contrast, 10, {1, 1, 4}, {0, 90, 110, 200}) == Bytes{0, 87, 113, 230});
  CHECK(apply(Op::contrast, -10, {1, 1, 4}, {0, 90, 110, 200}) == Bytes{30, 93, 107, 170});
  // Grey of (100, 200, 50): 0.299·100 + 0.587·200 + 0.114·50 = 153.
  CHECK(apply(Op::color, 10, {3, 1, 1}, {100, 200, 50}) == Bytes{84, 214, 19});
  CHECK(apply(Op::color, -10, {3, 1, 1}, {100, 200, 50}) == Bytes{115, 185, 80});
  CHECK(apply(Op::contrast, 30, {3, 1, 1}, {100, 200, 50}) == Bytes{52, 242, 0});
  const Bytes gray = random_bytes({1, 4, 4}, 2);
  CHECK(apply(Op::color, 30, {1, 4, 4}, gray) == gray);
}

TEST_CASE("RandAugment: sharpness moves away from the smoothed image") {
  Bytes x(9, 13);
  x[4] = 39;  // smoothed: (8·13 + 5·39) / 13 = 23
  Bytes y = x;
  y[4] = 23 + 19;  // 1.21·16 = 19.36
  CHECK(apply(Op::sharpness, 7, {1, 3, 3}, x) == y);
  y[4] = 23 + 1;  // 0.1·16
  CHECK(apply(Op::sharpness, -30, {1, 3, 3}, x) == y);
  const Bytes thin = random_bytes({3, 2, 9}, 3);
  CHECK(apply(Op::sharpness, 30, {3, 2, 9}, thin) == thin);  // all border
}

TEST_CASE("RandAugment: posterize keeps upper bits, solarize inverts the bright") {
  const int bits[31] = {8, 8, 8, 8, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 6, 6, 6, 6, 5, 5, 5, 5, 5, 5, 5, 5, 4, 4, 4, 4};
  for (int m = 0; m <= 30; ++m) {
    CAPTURE(m);
    for (int v = 0; v < 256; ++v) {
      const Bytes x{static_cast<std::uint8_t>(v)};
      const int unit = 1 << (8 - bits[m]);
      REQUIRE(apply(Op::posterize, m, {1}, x)[0] == v / unit * unit);
      REQUIRE(apply(Op::solarize, m, {1}, x)[0] == (v >= 255 - 8.5 * m ? 255 - v : v));
    }
  }
}

TEST_CASE("RandAugment: auto-contrast stretches each channel") {
  // Channel 0 from 10…60 by 255 / 50, channel 1 is whole already, channel 2 has one value only.
  const Bytes x{10, 0, 7, 20, 255, 7, 60, 128, 7}, y{0, 0, 7, 51, 255, 7, 255, 128, 7};
  CHECK(apply(Op::auto_contrast, 9, {3, 1, 3}, x) == y);
  CHECK(apply(Op::auto_contrast, 9, {3, 1, 3}, y) == y);
}

TEST_CASE("RandAugment: equalize flattens the histogram") {
  Bytes uniform(256);
  std::iota(uniform.begin(), uniform.end(), std::uint8_t{0});
  CHECK(apply(Op::equalize, 9, {1, 16, 16}, uniform) == uniform);
  // 255 pixels of 100 and 255 of 101: one step is one pixel, and half of the pixels lie below 101.
  Bytes two(510, 100), spread(510, 0);
  std::fill(two.begin() + 255, two.end(), std::uint8_t{101});
  std::fill(spread.begin() + 255, spread.end(), std::uint8_t{255});
  CHECK(apply(Op::equalize, 9, {1, 1, 510}, two) == spread);
  // 300 of 50, 600 of 60, 100 of 70: step 900 / 255 = 3; (1 + 300) / 3 = 100, (1 + 900) / 3 is more than a
  // byte.
  Bytes three(1000, 60);
  std::fill_n(three.begin(), 300, std::uint8_t{50});
  std::fill_n(three.end() - 100, 100, std::uint8_t{70});
  const Bytes found = apply(Op::equalize, 9, {1, 1, 1000}, three);
  CHECK(found[0] == 0);
  CHECK(found[300] == 100);
  CHECK(found[999] == 255);
  const Bytes few{1, 2, 3, 4};
  CHECK(apply(Op::equalize, 9, {1, 2, 2}, few) == few);
}

TEST_CASE("RandAugment: every output byte is written, whatever the shape") {
  for (const Shape s : {Shape{3, 9, 5}, Shape{1, 1, 1}, Shape{4, 2, 3}})
    for (const Op op : all)
      for (const int m : {-30, 30}) {
        if (m < 0 && static_cast<int>(op) >= signed_image_operations) continue;
        const Bytes x = random_bytes(s, 4);
        Bytes a(x.size(), 1), b(x.size(), 2);
        apply_image_operation(op, m, s, x, a.data());
        apply_image_operation(op, m, s, x, b.data());
        CAPTURE(static_cast<int>(op));
        CHECK(a == b);
      }
}

TEST_CASE("RandAugment: operations and directions have equal chance") {
  Random random{{5, 6}};
  constexpr int draws = 28'000;  // 2000 of each operation, with a standard deviation of 43
  int counts[image_operations] = {}, negative[image_operations] = {};
  for (int i = 0; i < draws; ++i) {
    const auto [operation, magnitude] = draw_image_operation(9, random);
    REQUIRE(std::abs(magnitude) == 9);
    ++counts[static_cast<int>(operation)];
    negative[static_cast<int>(operation)] += magnitude < 0;
  }
  for (int k = 0; k < image_operations; ++k) {
    CAPTURE(k);
    CHECK(std::abs(counts[k] - 2000) < 215);
    if (k < signed_image_operations)
      CHECK(std::abs(negative[k] - counts[k] / 2) < 112);
    else
      CHECK(negative[k] == 0);
  }
}

TEST_CASE("RandAugment: as many operations as asked for, one after the other") {
  const Shape s{3, 8, 8};
  const Bytes x = random_bytes(s, 7);
  for (std::uint64_t id = 0; id < 20; ++id) {
    Bytes expected = x, found = x, scratch(x.size());
    Random draws{{1, id}}, same{{1, id}};
    for (int k = 0; k < 3; ++k) {
      const auto [operation, magnitude] = draw_image_operation(12, draws);
      expected = apply(operation, magnitude, s, expected);
    }
    rand_augment({3, 12}, s, found, scratch, same);
    CHECK(found == expected);
    CHECK(same.position == draws.position);
  }
}

TEST_CASE("RandAugment: options that don't make sense are refused") {
  CHECK_THROWS_WITH_AS(validate(RandAugment{2, 31}),
                       "RandAugment: expected 0 to 100 operations of a magnitude from 0 to 30, found 2 of 31", Error);
  CHECK_THROWS_AS(validate(RandAugment{-1, 9}), Error);
  CHECK_THROWS_AS(validate(RandAugment{1, -1}), Error);
  CHECK_THROWS_AS(validate(RandAugment{2'000'000'000, 9}), Error);  // no image would ever be ready
  validate(RandAugment{2, 30});
}
