// SPDX-License-Identifier: MIT
// Small pictures as base64 of a PNG, for data: addresses.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// Pixels (h, w, c) with 1 (grey), 3 (RGB) or 4 (RGB and opacity) channels.
std::string png_base64(std::span<const std::uint8_t> pixels, int width, int height, int channels);

bool is_base64(std::string_view text);
