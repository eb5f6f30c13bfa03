// SPDX-License-Identifier: MIT
// A safetensors file as another program may write it: without checks, and without a checksum.
#pragma once

#include <resnet/io/safetensors.hpp>

#include <cstdint>
#include <string>

#include "tests/io/scratch.hpp"

inline void write_raw(const std::string& path, const resnet::SafeTensors& content) {
  const resnet::detail::FileLayout layout(content);
  const std::string text = format_safetensors_header(layout.header);
  const std::uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
  bytes += text;
  for (const resnet::StoredTensor* tensor : layout.order)
    bytes.append(reinterpret_cast<const char*>(tensor->bytes.data()), tensor->bytes.size());
  write_bytes(path, bytes);
}
