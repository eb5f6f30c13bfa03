// SPDX-License-Identifier: MIT
// Files of named tensors in safetensors format (https://huggingface.co/docs/safetensors): 8 bytes with the
// header's length, the JSON header, the tensors' bytes, row-major and little-endian. Reading checks
// everything before it returns anything; writing replaces the file as a whole (io/atomic_file.hpp).
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/io/atomic_file.hpp>
#include <resnet/io/input_file.hpp>
#include <resnet/io/safetensors_header.hpp>
#include <resnet/io/safetensors_parse.hpp>

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
  template <class T> std::vector<T> values() const {
    std::vector<T> result(size());
    convert(dtype, bytes.data(), result.size(), result.data());
    return result;
  }

  /// T is float, double or std::int64_t; the product of the shape has to be the number of values.
  template <class T> static StoredTensor of(Dimensions shape, const std::vector<T>& values) {
    StoredTensor result{dtype_of<T>(), std::move(shape), std::vector<std::byte>(values.size() * sizeof(T))};
    if (!values.empty()) std::memcpy(result.bytes.data(), values.data(), result.bytes.size());
    return result;
  }
};

/// What a safetensors file holds.
struct SafeTensors {
  std::map<std::string, StoredTensor, std::less<>> tensors;
  Metadata metadata;
};

/// Throws Error with file, byte, expected and found if the file cannot be read or departs from the format.
inline SafeTensors read_safetensors(const InputFile& file) {
  return with_memory_for(file.name(), file.size(), [&] {
    std::uint64_t length = 0;
    file.read(0, &length, sizeof(length));
    if (length > largest_safetensors_header || length < 2)
      fail_at(file.name(), 0,
              "expected a header of 2 to " + std::to_string(largest_safetensors_header) +
                  " bytes, found the length " + std::to_string(length));
    file.expect(header_offset, length);
    const std::uint64_t data = header_offset + length;
    std::string text(length, '\0');
    file.read(header_offset, text.data(), text.size());
    SafetensorsHeader header = parse_safetensors_header(file.name(), text);
    if (file.size() - data != header.data_bytes)
      fail_at(file.name(), file.size(),
              "expected " + std::to_string(header.data_bytes) + " bytes of tensors from byte " +
                  std::to_string(data) + " to the end of the file, found " +
                  std::to_string(file.size() - data));

    SafeTensors result;
    for (auto& [name, entry] : header.tensors) {
      StoredTensor& tensor = result.tensors[name];
      tensor = {entry.dtype, std::move(entry.shape), std::vector<std::byte>(entry.end - entry.begin)};
      file.read(data + entry.begin, tensor.bytes.data(), tensor.bytes.size());
    }
    result.metadata = std::move(header.metadata);
    return result;
  });
}
inline SafeTensors read_safetensors(const std::string& path) { return read_safetensors(InputFile(path)); }

namespace detail {

/// Throws Error for what could be written but not read again. (Parsing the header instead would cost every
/// program that only writes four seconds of compile time for the JSON library.)
inline void check_writable(const std::string& path, const SafeTensors& content) {
  const auto check_text = [&](const std::string& where, const std::string& text) {
    if (!is_utf8(text)) throw Error(path + ": " + where + ": expected UTF-8, found \"" + text + '"');
  };
  for (const auto& [key, value] : content.metadata) {
    check_text("a key of the metadata", key);
    check_text("metadata \"" + key + '"', value);
  }
  for (const auto& [name, tensor] : content.tensors) {
    check_text("a tensor's name", name);
    const std::string where = path + ": \"" + name + "\": ";
    if (name == "__metadata__") throw Error(where + "expected another name: the format uses this one");
    std::uint64_t bytes = dtype_info(tensor.dtype).bytes;
    for (const std::int64_t dim : tensor.shape)
      if (dim < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(dim), &bytes))
        throw Error(where + "shape: expected non-negative sizes that 64 bits can hold, found " +
                    to_text(tensor.shape));
    if (bytes != tensor.bytes.size())
      throw Error(where + "expected " + std::to_string(bytes) + " bytes for shape " + to_text(tensor.shape) +
                  ", found " + std::to_string(tensor.bytes.size()));
  }
}

}  // namespace detail

/// Replaces the file `path`; throws Error, with the old file untouched, if that fails or if a shape, a name
/// or the metadata can't be written.
inline void write_safetensors(const std::string& path, const SafeTensors& content) {
  detail::check_writable(path, content);
  SafetensorsHeader header;
  header.metadata = content.metadata;
  std::vector<const StoredTensor*> order;
  for (const std::size_t width : {8u, 4u, 2u, 1u})  // the widest elements first keeps every tensor aligned
    for (const auto& [name, tensor] : content.tensors)
      if (dtype_info(tensor.dtype).bytes == width) {
        const std::uint64_t begin = header.data_bytes;
        header.data_bytes += tensor.bytes.size();
        header.tensors[name] = {tensor.dtype, tensor.shape, begin, header.data_bytes};
        order.push_back(&tensor);
      }
  const std::string text = format_safetensors_header(header);
  if (text.size() > largest_safetensors_header)
    throw Error(path + ": the header: expected at most " + std::to_string(largest_safetensors_header) +
                " bytes, found " + std::to_string(text.size()));
  const std::uint64_t length = text.size();

  AtomicFile file(path);
  file.write(&length, sizeof(length));
  file.write(text.data(), text.size());
  for (const StoredTensor* tensor : order) file.write(tensor->bytes.data(), tensor->bytes.size());
  file.commit();
}

}  // namespace resnet
