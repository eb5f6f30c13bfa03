// SPDX-License-Identifier: MIT
// Pictures in files. They come from strangers: PNG is decoded by libpng and JPEG by libjpeg-turbo, which
// Linux distributions maintain for security, and a file's own header is asked for the size before memory is
// taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// 8 bits a channel. Pixels are (h, w, c).
struct Picture {
  int width = 0, height = 0, channels = 3;
  std::vector<std::uint8_t> pixels;
};

/// What is refused before it is decoded. Decoding takes at most 16 bytes a pixel: 640 MB.
struct PictureLimits {
  std::uint64_t file_bytes = 64'000'000;
  std::uint64_t pixels = 40'000'000;
};

/// Red, green and blue of a PNG or JPEG file. What is transparent lies on white. Throws Error with the file's
/// name for another format, for damaged data, also where a decoder would go on with a guess, and beyond the
/// limits.
Picture read_picture(const std::string& path, const PictureLimits& limits = {});

/// The middle square as (side, side, c): a mean that is weighted by distance, as Pillow's and torchvision's
/// bilinear resize with antialiasing. A square of that size stays as it is.
std::vector<std::uint8_t> middle_square(const Picture& picture, int side);

/// A PNG file's bytes, of pixels (h, w, c) with 1 (grey), 3 (RGB) or 4 (RGB and opacity) channels.
std::string encode_png(std::span<const std::uint8_t> pixels, int width, int height, int channels);
