// SPDX-License-Identifier: MIT
// Pictures, on the samples of tests/fuzz: Pillow has written them, with pixels (6 x, 10 y, 255 - 3 x - 4 y).
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <resnet/core/error.hpp>

#include <array>
#include <cmath>
#include <fstream>

#include "../support/picture.hpp"

namespace {

constexpr int width = 40, height = 24;

std::array<double, 3> colour(int x, int y) { return {6.0 * x, 10.0 * y, 255.0 - 3 * x - 4 * y}; }
std::array<double, 3> grey(int x, int y) {
  const auto [r, g, b] = colour(x, y);
  const double light = 0.299 * r + 0.587 * g + 0.114 * b;  // ITU-R BT.601
  return {light, light, light};
}
std::array<double, 3> grey16(int x, int y) {
  const double light = (x * 1500 + y * 200) / 257.0;
  return {light, light, light};
}

/// The largest difference of a sample from what it should be.
double error(const std::string& sample, std::array<double, 3> (*expected)(int, int)) {
  const Picture picture = read_picture(SAMPLES + sample);
  REQUIRE(picture.width == width);
  REQUIRE(picture.height == height);
  REQUIRE(picture.pixels.size() == width * height * 3);
  double worst = 0;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (std::size_t c = 0; c < 3; ++c) {
        const auto at = static_cast<std::size_t>(y * width + x) * 3 + c;
        worst = std::max(worst, std::abs(picture.pixels[at] - expected(x, y)[c]));
      }
  return worst;
}

std::string refusal(const std::string& path, const PictureLimits& limits = {}) {
  try {
    read_picture(path, limits);
  } catch (const resnet::Error& e) {
    return e.what();
  }
  return "";
}

/// A picture with noise in it.
Picture noise(int w, int h, int channels) {
  Picture picture{w, h, channels, {}};
  for (int i = 0; i < w * h * channels; ++i) picture.pixels.push_back(static_cast<std::uint8_t>(i * i * 7 + i / 3));
  return picture;
}

}  // namespace

TEST_CASE("PNG: colour, grey, palette, 16 bits") {
  CHECK(error("valid_rgb.png", colour) == 0);
  CHECK(error("valid_grey.png", grey) < 1);
  CHECK(error("valid_grey16.png", grey16) < 1);
  CHECK(error("valid_palette.png", colour) < 64);  // of 16 colours
}

TEST_CASE("PNG: what is transparent lies on white") {
  const auto half = [](int x, int y) { return x < width / 2 ? std::array{255.0, 255.0, 255.0} : colour(x, y); };
  CHECK(error("valid_rgba.png", half) == 0);
}

TEST_CASE("JPEG: colour, grey, four inks, progressive") {
  CHECK(error("valid_444.jpg", colour) <= 6);
  CHECK(error("valid_420.jpg", colour) <= 24);
  CHECK(error("valid_progressive.jpg", colour) <= 24);
  CHECK(error("valid_grey.jpg", grey) <= 6);
  CHECK(error("valid_cmyk.jpg", colour) <= 16);
}

TEST_CASE("a damaged picture is an error that names the file") {
  CHECK(refusal(SAMPLES "cut.jpg").starts_with(SAMPLES "cut.jpg: damaged JPEG: "));
  CHECK(refusal(SAMPLES "cut.png").starts_with(SAMPLES "cut.png: damaged PNG: "));
  CHECK(refusal(SAMPLES "bit_flipped.png").starts_with(SAMPLES "bit_flipped.png: damaged PNG: "));
  // Decoders may go on with these as if nothing were wrong.
  CHECK(refusal(SAMPLES "bit_flipped.jpg").starts_with(SAMPLES "bit_flipped.jpg: damaged JPEG: "));
  CHECK(refusal(SAMPLES "wrong_checksum.png").starts_with(SAMPLES "wrong_checksum.png: damaged PNG: "));
  CHECK(refusal(SAMPLES "text") == SAMPLES "text: expected a PNG or JPEG file, found another format");
  CHECK(refusal("nothing.png").starts_with("nothing.png: cannot open"));
}

TEST_CASE("a picture beyond the limits is refused before memory is taken") {
  CHECK(refusal(SAMPLES "huge.png") == SAMPLES
        "huge.png: expected a picture of at most 40000000 pixels, found 1000000 × 1000000");
  CHECK(refusal(SAMPLES "huge.jpg") == SAMPLES
        "huge.jpg: expected a picture of at most 40000000 pixels, found 65500 × 65500");
  for (const std::string sample : {"valid_rgb.png", "valid_444.jpg"}) {
    CHECK(refusal(SAMPLES + sample, {.pixels = width * height}) == "");
    CHECK(refusal(SAMPLES + sample, {.pixels = width * height - 1}) ==
          SAMPLES + sample + ": expected a picture of at most 959 pixels, found 40 × 24");
  }
  CHECK(refusal(SAMPLES "text", {.file_bytes = 12}) == SAMPLES
        "text: expected a picture of at most 12 bytes, found 13");
}

TEST_CASE("the middle square, as Pillow's bilinear resize of it") {
  const Picture picture = read_picture(SAMPLES "valid_rgb.png");
  struct Pixel {
    int side, x, y;
    std::array<int, 3> value;
  };
  // Image.crop((8, 0, 32, 24)).resize((side, side), Image.BILINEAR).getpixel((x, y))
  for (const auto& [side, x, y, value] :
       {Pixel{7, 0, 0, {57, 15, 220}}, Pixel{7, 1, 2, {76, 81, 185}}, Pixel{7, 3, 3, {117, 115, 151}},
        Pixel{7, 6, 5, {177, 184, 94}}, Pixel{32, 0, 0, {48, 0, 231}}, Pixel{32, 1, 2, {52, 14, 224}},
        Pixel{32, 3, 3, {61, 21, 217}}, Pixel{32, 31, 30, {186, 224, 73}}}) {
    const auto square = middle_square(picture, side);
    REQUIRE(square.size() == static_cast<std::size_t>(side * side * 3));
    for (std::size_t c = 0; c < 3; ++c)
      CHECK(std::abs(square[static_cast<std::size_t>(y * side + x) * 3 + c] - value[c]) <= 1);
  }
  const Picture small = noise(32, 32, 3), tall{8, 9, 1, std::vector<std::uint8_t>(72, 255)};
  CHECK(middle_square(small, 32) == small.pixels);
  CHECK(middle_square(tall, 3) == std::vector<std::uint8_t>(9, 255));
}

TEST_CASE("what is written as PNG is read") {
  for (const int channels : {1, 3, 4}) {
    Picture picture = noise(7, 5, channels);
    if (channels == 4)
      for (std::size_t i = 3; i < picture.pixels.size(); i += 4) picture.pixels[i] = 255;
    std::ofstream("written.png", std::ios::binary) << encode_png(picture.pixels, 7, 5, channels);
    const Picture read = read_picture("written.png");
    REQUIRE(read.width == 7);
    REQUIRE(read.height == 5);
    for (std::size_t i = 0; i < 35; ++i)
      for (std::size_t c = 0; c < 3; ++c)
        CHECK(read.pixels[3 * i + c] ==
              picture.pixels[i * static_cast<std::size_t>(channels) + (channels == 1 ? 0 : c)]);
  }
  CHECK_THROWS_AS(encode_png(noise(7, 5, 2).pixels, 7, 5, 2), resnet::Error);
  CHECK_THROWS_WITH_AS(encode_png(noise(7, 5, 3).pixels, 7, 4, 3),
                       "PNG: expected 1, 3 or 4 channels of 7 × 4 pixels, found 3 channels and 105 bytes",
                       resnet::Error);
}
