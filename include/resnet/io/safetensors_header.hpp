// SPDX-License-Identifier: MIT
// The JSON header of a safetensors file (https://huggingface.co/docs/safetensors) as a value, and as text:
//   {"__metadata__": {"epoch": "3"}, "fc.bias": {"dtype": "F32", "shape": [10], "data_offsets": [0, 40]}}
// The offsets count from the end of the header; the tensors fill the rest of the file without gaps.
#pragma once

#include <resnet/core/once.hpp>
#include <resnet/io/dtype.hpp>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace resnet {

using Metadata = std::map<std::string, std::string>;
using Dimensions = std::vector<std::int64_t>;

struct SafetensorsHeader {
  struct Entry {
    Dtype dtype;
    Dimensions shape;
    std::uint64_t begin, end;  // bytes from the end of the header
  };
  std::map<std::string, Entry, std::less<>> tensors;
  Metadata metadata;
  std::uint64_t data_bytes = 0;
};

inline constexpr std::uint64_t largest_safetensors_header = 100'000'000;  // the Python package's limit
inline constexpr std::uint64_t header_offset = 8;                         // the header's length comes first, as 8 bytes

inline std::string to_text(const Dimensions& dims) {
  std::string text = "[";
  for (const std::int64_t dim : dims) {
    if (text.size() > 1) text += ',';
    text += std::to_string(dim);
  }
  return text + ']';
}

namespace detail {

inline std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) {
      result += c;
    } else {
      char escaped[7];
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", static_cast<unsigned>(c));
      result += escaped;
    }
  }
  return result + '"';
}

/// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
inline bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u; };
    const unsigned first = byte(0), second = byte(1);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if ((first >= 0x80 && first < 0xC2) || first > 0xF4) return false;
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) ||
        (first == 0xF4 && second > 0x8F))
      return false;
    for (std::size_t k = 1; k < length; ++k)
      if (byte(k) >> 6 != 2) return false;
    i += length;
  }
  return true;
}

}  // namespace detail

/// The header's text, padded with spaces so that the data after it is aligned to 8 bytes. The checksum of
/// files depends on it: another text for the same header would make all that were written look damaged.
inline std::string format_safetensors_header(const SafetensorsHeader& header) {
  std::string text = "{", separator;
  if (!header.metadata.empty()) {
    text += "\"__metadata__\":{";
    for (const auto& [key, value] : header.metadata) {
      text += separator + detail::json_string(key) + ':' + detail::json_string(value);
      separator = ",";
    }
    text += '}';
  }
  for (const auto& [name, entry] : header.tensors) {
    text += separator + detail::json_string(name) + ":{\"dtype\":\"";
    text += dtype_info(entry.dtype).name;
    text += "\",\"shape\":" + to_text(entry.shape) + ",\"data_offsets\":[" + std::to_string(entry.begin) + ',' +
            std::to_string(entry.end) + "]}";
    separator = ",";
  }
  text += '}';
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

/// Reads and checks a header (io/safetensors_parse.hpp); `file` is for the messages. Throws Error with the byte in the file.
RESNET_ONCE SafetensorsHeader parse_safetensors_header(const std::string& file, std::string_view text);

}  // namespace resnet
