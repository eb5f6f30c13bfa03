// SPDX-License-Identifier: MIT
// The JSON header of a safetensors file (https://huggingface.co/docs/safetensors) as a value, and as text:
//   {"__metadata__": {"epoch": "3"}, "fc.bias": {"dtype": "F32", "shape": [10], "data_offsets": [0, 40]}}
// The offsets count from the end of the header; the tensors fill the rest of the file without gaps.
#pragma once

#include <resnet/core/once.hpp>
#include <resnet/io/dtype.hpp>

#include <cstdint>
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

/// [3,0]
RESNET_ONCE std::string to_text(const Dimensions& dims);

namespace detail {

RESNET_ONCE std::string json_string(std::string_view text);
/// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
RESNET_ONCE bool is_utf8(std::string_view text);

}  // namespace detail

/// The header's text, padded with spaces so that the data after it is aligned to 8 bytes. The checksum of
/// files depends on it: another text for the same header would make all that were written look damaged.
RESNET_ONCE std::string format_safetensors_header(const SafetensorsHeader& header);

/// Reads and checks a header; `file` is for the messages. Throws Error with the byte in the file.
RESNET_ONCE SafetensorsHeader parse_safetensors_header(const std::string& file, std::string_view text);

}  // namespace resnet

#ifndef RESNET_COMPILED
#include <resnet/io/bodies/safetensors_header.hpp>
#endif
