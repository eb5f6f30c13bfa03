// SPDX-License-Identifier: MIT
#include "picture.hpp"

#include <resnet/core/error.hpp>
#include <resnet/io/input_file.hpp>

#include <fmt/format.h>
#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string_view>

using resnet::Error;

namespace {

using Bytes = std::vector<std::uint8_t>;

void check_size(const std::string& path, std::int64_t width, std::int64_t height, const PictureLimits& limits) {
  if (width < 1 || height < 1 || static_cast<std::uint64_t>(width * height) > limits.pixels)
    throw Error(
        fmt::format("{}: expected a picture of at most {} pixels, found {} × {}", path, limits.pixels, width, height));
}

// --- PNG, by libpng's simplified interface

struct PngImage : png_image {
  PngImage() : png_image{} { version = PNG_IMAGE_VERSION; }
  ~PngImage() { png_image_free(this); }
  PngImage(const PngImage&) = delete;
  PngImage& operator=(const PngImage&) = delete;
};

Picture decode_png(const std::string& path, const Bytes& file, const PictureLimits& limits) {
  PngImage png;
  const auto fail = [&] { throw Error(fmt::format("{}: damaged PNG: {}", path, png.message)); };
  if (!png_image_begin_read_from_memory(&png, file.data(), file.size())) fail();
  check_size(path, png.width, png.height, limits);
  png.format = PNG_FORMAT_RGB;
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // 16 bits are as bright as 8 where the file says nothing else
  Picture picture{static_cast<int>(png.width), static_cast<int>(png.height), 3, Bytes(PNG_IMAGE_SIZE(png))};
  const png_color white{255, 255, 255};
  if (!png_image_finish_read(&png, &white, picture.pixels.data(), 0, nullptr)) fail();
  return picture;
}

// --- JPEG

/// Four inks to light, in place: (n, 4) becomes (n, 3). Files have them inverted, as Adobe's programs write
/// them.
void cmyk_to_rgb(Bytes& pixels) {
  const std::size_t n = pixels.size() / 4;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      pixels[3 * i + c] = static_cast<std::uint8_t>((pixels[4 * i + c] * pixels[4 * i + 3] + 127) / 255);
  pixels.resize(3 * n);
}

Picture decode_jpeg(const std::string& path, const Bytes& file, const PictureLimits& limits) {
  const std::unique_ptr<void, decltype(&tjDestroy)> turbo(tjInitDecompress(), &tjDestroy);
  if (!turbo) throw Error(path + ": not enough memory to decode a JPEG file");
  const auto fail = [&] { throw Error(fmt::format("{}: damaged JPEG: {}", path, tjGetErrorStr2(turbo.get()))); };
  int width = 0, height = 0, subsampling = 0, colorspace = 0;
  if (tjDecompressHeader3(turbo.get(), file.data(), file.size(), &width, &height, &subsampling, &colorspace) != 0)
    fail();
  check_size(path, width, height, limits);
  const bool cmyk = colorspace == TJCS_CMYK || colorspace == TJCS_YCCK;
  const int format = cmyk ? TJPF_CMYK : TJPF_RGB, channels = tjPixelSize[format];
  Picture picture{
      width, height, 3,
      Bytes(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * static_cast<std::size_t>(channels))};
  // A few bytes may ask for thousands of passes over a large picture; no encoder writes as many as the limit.
  if (tjDecompress2(turbo.get(), file.data(), file.size(), picture.pixels.data(), width, 0, height, format,
                    TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) != 0)
    fail();
  if (cmyk) cmyk_to_rgb(picture.pixels);
  return picture;
}

// --- resizing

/// The inputs that make an output, and their weights: first, first + 1, …
struct Taps {
  std::size_t first;
  std::vector<float> weights;
};

/// Of `out` outputs from the inputs begin, …, begin + in - 1. A triangle of one input's width on each side,
/// or of one output's where that is wider.
std::vector<Taps> triangles(int begin, int in, int out) {
  const double scale = static_cast<double>(in) / out, support = std::max(scale, 1.0);
  std::vector<Taps> result;
  for (int i = 0; i < out; ++i) {
    const double center = (i + 0.5) * scale;
    const int low = std::max(0, static_cast<int>(std::floor(center - support + 0.5))),
              high = std::min(in, static_cast<int>(std::floor(center + support + 0.5)));
    std::vector<double> weights;
    double sum = 0;
    for (int k = low; k < high; ++k) sum += weights.emplace_back(1 - std::abs(k + 0.5 - center) / support);
    Taps& taps = result.emplace_back(Taps{static_cast<std::size_t>(begin + low), {}});
    for (const double weight : weights) taps.weights.push_back(static_cast<float>(weight / sum));
  }
  return result;
}

}  // namespace

Picture read_picture(const std::string& path, const PictureLimits& limits) {
  resnet::InputFile input(path);
  if (input.size() > limits.file_bytes)
    throw Error(
        fmt::format("{}: expected a picture of at most {} bytes, found {}", path, limits.file_bytes, input.size()));
  Bytes file(input.size());
  input.read(0, file.data(), file.size());
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (text.starts_with("\x89PNG\r\n\x1a\n")) return decode_png(path, file, limits);
  if (text.starts_with("\xff\xd8\xff")) return decode_jpeg(path, file, limits);
  throw Error(path + ": expected a PNG or JPEG file, found another format");
}

std::vector<std::uint8_t> middle_square(const Picture& picture, int side) {
  const int square = std::min(picture.width, picture.height);
  const auto columns = triangles((picture.width - square) / 2, square, side),
             rows = triangles((picture.height - square) / 2, square, side);
  const auto width = static_cast<std::size_t>(picture.width), channels = static_cast<std::size_t>(picture.channels);
  Bytes result;
  std::vector<float> sums(width * channels);  // a row of the output, not yet narrowed
  for (const Taps& y : rows) {
    std::ranges::fill(sums, 0.0f);
    for (std::size_t k = 0; k < y.weights.size(); ++k)
      for (std::size_t i = 0; i < sums.size(); ++i)
        sums[i] += y.weights[k] * picture.pixels[(y.first + k) * sums.size() + i];
    for (const Taps& x : columns)
      for (std::size_t c = 0; c < channels; ++c) {
        float sum = 0;
        for (std::size_t k = 0; k < x.weights.size(); ++k) sum += x.weights[k] * sums[(x.first + k) * channels + c];
        result.push_back(static_cast<std::uint8_t>(std::clamp(sum + 0.5f, 0.0f, 255.0f)));
      }
  }
  return result;
}

std::string encode_png(std::span<const std::uint8_t> pixels, int width, int height, int channels) {
  PngImage png;
  png.width = static_cast<png_uint_32>(width), png.height = static_cast<png_uint_32>(height);
  png.format = channels == 1 ? PNG_FORMAT_GRAY : channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
  const auto expected =
      static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * static_cast<std::size_t>(channels);
  if ((channels != 1 && channels != 3 && channels != 4) || pixels.size() != expected)
    throw Error(fmt::format("PNG: expected 1, 3 or 4 channels of {} × {} pixels, found {} channels and {} bytes", width,
                            height, channels, pixels.size()));
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::string file(size, '\0');
  if (!png_image_write_to_memory(&png, file.data(), &size, 0, pixels.data(), 0, nullptr))
    throw Error(fmt::format("PNG: cannot encode a picture of {} × {} pixels: {}", width, height, png.message));
  file.resize(size);
  return file;
}
