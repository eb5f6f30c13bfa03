// SPDX-License-Identifier: MIT
// Files of named tensors in safetensors format (https://huggingface.co/docs/safetensors): 8 bytes with the
// header's length, the JSON header, the tensors' bytes, row-major and little-endian. Reading checks
// everything before it returns anything; writing replaces the file as a whole (io/atomic_file.hpp) and adds a
// checksum to its metadata.
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/io/input_file.hpp>
#include <resnet/io/safetensors_header.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace resnet {

/// A tensor as it lies in a file: bytes in host memory.
struct StoredTensor {
  Dtype dtype = Dtype::f32;
  Dimensions shape;
  std::vector<std::byte> bytes;

  /// Number of elements.
  std::size_t size() const { return bytes.size() / dtype_info(dtype).bytes; }

  /// The elements, converted to T.
  template <class T>
  std::vector<T> values() const {
    std::vector<T> result(size());
    convert(dtype, bytes.data(), result.size(), result.data());
    return result;
  }

  /// T is float, double or std::int64_t; the product of the shape has to be the number of values.
  template <class T>
  static StoredTensor of(Dimensions shape, const std::vector<T>& values) {
    StoredTensor result{dtype_of<T>(), std::move(shape), std::vector<std::byte>(values.size() * sizeof(T))};
    if (!values.empty()) std::memcpy(result.bytes.data(), values.data(), result.bytes.size());
    return result;
  }
};

/// "nan at index [3,0]", for the message about an element that is not finite as a number of type `as`; empty
/// if all are.
RESNET_ONCE std::string not_finite(const StoredTensor& tensor, Dtype as);

/// What a safetensors file holds.
struct SafeTensors {
  std::map<std::string, StoredTensor, std::less<>> tensors;
  Metadata metadata;

  /// Calls f(), which is to add tensors and write them to `path`; running out of memory in it throws Error.
  template <class F>
  void with_memory(const std::string& path, F&& f) const {
    const auto so_far = [&] {
      std::uint64_t sum = 0;
      for (const auto& [name, tensor] : tensors) sum += tensor.bytes.size();
      return "its tensors, " + std::to_string(sum) + " bytes so far";
    };
    with_memory_for(path, so_far, f);
  }
};

/// Metadata that write_safetensors adds and read_safetensors verifies and takes out; other programs need not
/// write it.
inline constexpr const char* checksum_key = "resnet.xxh64";

namespace detail {

/// Which bytes a file of this content consists of; the checksum is no part of it.
struct FileLayout {
  SafetensorsHeader header;
  std::vector<const StoredTensor*> order;

  explicit FileLayout(const SafeTensors& content);
};

}  // namespace detail

/// Throws Error with file, byte, expected and found if the file cannot be read or departs from the format.
RESNET_ONCE SafeTensors read_safetensors(const InputFile& file);
inline SafeTensors read_safetensors(const std::string& path) { return read_safetensors(InputFile(path)); }

/// Replaces the file `path`; throws Error, with the old file untouched, if that fails or if a shape, a name
/// or the metadata can't be written, and DivergedError if a value is not finite.
RESNET_ONCE void write_safetensors(const std::string& path, const SafeTensors& content);

}  // namespace resnet

#ifndef RESNET_COMPILED
#include <resnet/io/bodies/safetensors.hpp>
#endif
