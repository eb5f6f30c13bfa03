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

#ifdef RESNET_BODIES

#include <resnet/io/atomic_file.hpp>
#include <resnet/io/xxh64.hpp>

#include <cstdio>
#include <limits>
#include <span>

namespace resnet {

RESNET_ONCE std::string not_finite(const StoredTensor& tensor, Dtype as) {
  const std::size_t first = first_not_finite(tensor.dtype, tensor.bytes.data(), tensor.size(), as);
  if (first == tensor.size()) return "";
  Dimensions index(tensor.shape.size());
  auto rest = static_cast<std::int64_t>(first);
  for (std::size_t d = index.size(); d-- > 0; rest /= tensor.shape[d]) index[d] = rest % tensor.shape[d];
  const auto value = element<double>(tensor.dtype, &tensor.bytes[first * dtype_info(tensor.dtype).bytes]);
  char text[32];
  std::snprintf(text, sizeof(text), "%g",
                value == value ? value : std::numeric_limits<double>::quiet_NaN());  // no -nan
  return text + (" at index " + to_text(index));
}

namespace detail {

RESNET_ONCE FileLayout::FileLayout(const SafeTensors& content) {
  header.metadata = content.metadata;
  header.metadata.erase(checksum_key);
  for (const std::size_t width : {8u, 4u, 2u, 1u})  // the widest elements first keeps every tensor aligned
    for (const auto& [name, tensor] : content.tensors)
      if (dtype_info(tensor.dtype).bytes == width) {
        const std::uint64_t begin = header.data_bytes;
        header.data_bytes += tensor.bytes.size();
        header.tensors[name] = {tensor.dtype, tensor.shape, begin, header.data_bytes};
        order.push_back(&tensor);
      }
}

/// Throws Error for what could be written but not read again, DivergedError for values that are not finite.
/// (Parsing the header instead would cost every program that only writes four seconds of compile time for the
/// JSON library.)
RESNET_ONCE void check_writable(const std::string& path, const SafeTensors& content) {
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
        throw Error(where + "shape: expected non-negative sizes that 64 bits can hold, found " + to_text(tensor.shape));
    if (bytes != tensor.bytes.size())
      throw Error(where + "expected " + std::to_string(bytes) + " bytes for shape " + to_text(tensor.shape) +
                  ", found " + std::to_string(tensor.bytes.size()));
    if (const std::string found = not_finite(tensor, tensor.dtype); !found.empty())
      throw DivergedError(where + "expected finite values, found " + found);
  }
}

/// The checksum of what the file says: of its header without the checksum, as this library writes it, then of
/// each tensor's bytes from the sum before on. A program that writes the same content in another order keeps
/// it valid.
RESNET_ONCE std::string checksum(const FileLayout& layout) {
  const std::string header = format_safetensors_header(layout.header);
  std::uint64_t sum = xxh64(std::as_bytes(std::span(header)), 0);
  for (const StoredTensor* tensor : layout.order) sum = xxh64(tensor->bytes, sum);
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(sum));
  return text;
}

/// Takes the checksum out of the metadata, if there is one, and throws Error if it is of something else.
RESNET_ONCE void verify_checksum(const std::string& path, SafeTensors& content) {
  const auto expected = content.metadata.extract(checksum_key);
  if (expected.empty()) return;
  if (const std::string found = checksum(FileLayout(content)); found != expected.mapped())
    throw Error(path + ": expected the checksum " + expected.mapped() + " from the metadata, found " + found +
                ": the file is damaged, or a program has changed it and kept the metadata \"" + checksum_key + '"');
}

/// Throws Error for a file of torch.save (a zip archive, or a pickle before PyTorch 1.6) and tells how to
/// convert it.
RESNET_ONCE void refuse_torch_file(const std::string& path, std::uint64_t first_bytes) {
  const bool zip = (first_bytes & 0xFFFFFFFF) == 0x04034B50;                              // "PK\3\4"
  const bool pickle = (first_bytes & 0xFF) == 0x80 && (first_bytes >> 8 & 0xFF) - 2 < 4;  // protocols 2 to 5
  if (!zip && !pickle) return;
  const std::size_t dot = path.rfind('.'), slash = path.rfind('/') + 1;
  const std::string stem = dot != std::string::npos && dot > slash ? path.substr(0, dot) : path;
  throw Error(path +
              ": expected a safetensors file, found one of PyTorch's torch.save. Two lines of Python convert "
              "it (what "
              "torch.load returns has to be the state_dict):\n  import torch, safetensors.torch\n"
              "  safetensors.torch.save_file(torch.load(" +
              json_string(path) + ", map_location=\"cpu\", weights_only=True), " + json_string(stem + ".safetensors") +
              ')');
}

}  // namespace detail

RESNET_ONCE SafeTensors read_safetensors(const InputFile& file) {
  return file.with_memory([&] {
    std::uint64_t length = 0;
    file.read(0, &length, sizeof(length));
    if (length > largest_safetensors_header) detail::refuse_torch_file(file.name(), length);
    if (length > largest_safetensors_header || length < 2)
      fail_at(file.name(), 0,
              "expected a header of 2 to " + std::to_string(largest_safetensors_header) + " bytes, found the length " +
                  std::to_string(length));
    file.expect(header_offset, length);
    const std::uint64_t data = header_offset + length;
    std::string text(length, '\0');
    file.read(header_offset, text.data(), text.size());
    SafetensorsHeader header = parse_safetensors_header(file.name(), text);
    if (file.size() - data != header.data_bytes)
      fail_at(file.name(), file.size(),
              "expected " + std::to_string(header.data_bytes) + " bytes of tensors from byte " + std::to_string(data) +
                  " to the end of the file, found " + std::to_string(file.size() - data));

    SafeTensors result;
    for (auto& [name, entry] : header.tensors) {
      StoredTensor& tensor = result.tensors[name];
      tensor = {entry.dtype, std::move(entry.shape), std::vector<std::byte>(entry.end - entry.begin)};
      file.read(data + entry.begin, tensor.bytes.data(), tensor.bytes.size());
    }
    result.metadata = std::move(header.metadata);
    detail::verify_checksum(file.name(), result);
    return result;
  });
}
RESNET_ONCE void write_safetensors(const std::string& path, const SafeTensors& content) {
  detail::check_writable(path, content);
  detail::FileLayout layout(content);
  layout.header.metadata[checksum_key] = detail::checksum(layout);
  const std::string text = format_safetensors_header(layout.header);
  if (text.size() > largest_safetensors_header)
    throw Error(path + ": the header: expected at most " + std::to_string(largest_safetensors_header) +
                " bytes, found " + std::to_string(text.size()));
  const std::uint64_t length = text.size();

  AtomicFile file(path);
  file.write(&length, sizeof(length));
  file.write(text.data(), text.size());
  for (const StoredTensor* tensor : layout.order) file.write(tensor->bytes.data(), tensor->bytes.size());
  file.commit();
}

}  // namespace resnet

#endif  // RESNET_BODIES
