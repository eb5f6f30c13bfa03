// SPDX-License-Identifier: MIT
#include "picture.hpp"

#include <resnet/core/error.hpp>

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC  // programs may have their own
#include <stb/stb_image_write.h>

#include <algorithm>

namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;  // of three bytes: four digits
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < bytes.size() ? static_cast<std::uint8_t>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k <= bytes.size() ? digits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

}  // namespace

std::string png_base64(std::span<const std::uint8_t> pixels, int width, int height, int channels) {
  std::string png;
  const auto append = [](void* out, void* data, int size) {
    static_cast<std::string*>(out)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
  };
  if (!stbi_write_png_to_func(append, &png, width, height, channels, pixels.data(), 0))
    throw resnet::Error("cannot encode a picture as PNG");
  return base64(png);
}

bool is_base64(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '=' || digits.find(c) != digits.npos; });
}
