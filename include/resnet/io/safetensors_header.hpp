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

#ifdef RESNET_BODIES

// Reading goes in one pass over the text; it is the only place that includes the JSON library.
#if !__has_include(<nlohmann/json.hpp>)
#error "resnet/io needs the JSON library nlohmann-json: install the package nlohmann-json3-dev (Debian, Ubuntu)"
#endif

#include <resnet/io/input_file.hpp>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <utility>

namespace resnet {

RESNET_ONCE std::string to_text(const Dimensions& dims) {
  std::string text = "[";
  for (const std::int64_t dim : dims) {
    if (text.size() > 1) text += ',';
    text += std::to_string(dim);
  }
  return text + ']';
}

namespace detail {

RESNET_ONCE std::string json_string(std::string_view text) {
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

RESNET_ONCE bool is_utf8(std::string_view text) {
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

RESNET_ONCE std::string format_safetensors_header(const SafetensorsHeader& header) {
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

namespace detail {

/// Builds one SafetensorsHeader from what the JSON library reports, and checks each part when it is complete.
class HeaderParser {
 public:
  HeaderParser(const std::string& file, std::string_view text) : file_(file), text_(text) {}

  SafetensorsHeader parse() {
    if (text_.size() > largest_safetensors_header)
      fail("the header: expected at most " + std::to_string(largest_safetensors_header) + " bytes, found " +
           std::to_string(text_.size()));
    if (!text_.starts_with('{')) fail("the header: expected JSON that begins with {");
    if (const std::size_t zero = text_.find('\0'); zero != std::string_view::npos)  // to the library, the end
      fail_at(file_, header_offset + zero, "the header: expected valid JSON, found a zero byte");
    Json::sax_parse(text_.data(), text_.data() + text_.size(), this);
    check_gapless();
    return std::move(header_);
  }

  // What the JSON library calls, in the order of the text (nlohmann::json_sax).
  bool start_object(std::size_t) {
    if (depth_ == 1 && !in_metadata()) entry_ = {};
    if (depth_ > 1) other_value();
    return ++depth_, true;
  }
  bool end_object() {
    if (--depth_ == 1 && !in_metadata()) header_.tensors.emplace(name_, checked_entry());
    return true;
  }
  bool start_array(std::size_t) {
    if (depth_ == 2 && numbers())
      numbers()->emplace();
    else
      other_value();
    return ++depth_, true;
  }
  bool end_array() { return --depth_, true; }
  bool key(std::string& text) {
    if (depth_ == 1) {
      name_ = text;
      if (in_metadata() ? std::exchange(has_metadata_, true) : header_.tensors.contains(name_)) fail_twice();
    } else if (depth_ == 2) {
      member_ = text;
      const bool twice = in_metadata() ? header_.metadata.contains(member_)
                                       : (member_ == "dtype" && entry_.dtype) || (numbers() && *numbers());
      if (twice) {
        name_ = member_;
        fail_twice();
      }
    }
    return true;
  }
  bool string(std::string& text) {
    if (depth_ == 2 && in_metadata())
      header_.metadata.emplace(member_, text);
    else if (depth_ == 2 && member_ == "dtype")
      entry_.dtype = text;
    else
      other_value();
    return true;
  }
  bool number_unsigned(std::uint64_t number) {
    if (depth_ == 3 && numbers())
      numbers()->value().push_back(number);
    else
      other_value();
    return true;
  }
  bool number_integer(std::int64_t) { return other_value(); }
  bool number_float(double, const std::string&) { return other_value(); }
  bool null() { return other_value(); }
  bool boolean(bool) { return other_value(); }
  bool binary(std::vector<std::uint8_t>&) { return other_value(); }
  bool parse_error(std::size_t byte, const std::string&, const nlohmann::detail::exception& e) {
    fail_at(file_, header_offset + (byte ? byte - 1 : 0),
            "the header: expected valid JSON, found: " + std::string(e.what()).substr(0, 300));
  }

 private:
  using Json = nlohmann::json;
  using Numbers = std::vector<std::uint64_t>;

  /// A tensor's description as far as it has been read.
  struct Entry {
    std::optional<std::string> dtype;
    std::optional<Numbers> shape, data_offsets;
  };

  bool in_metadata() const { return name_ == "__metadata__"; }

  /// The list that the member at hand is, if it is one of those that the format defines.
  std::optional<Numbers>* numbers() {
    if (in_metadata()) return nullptr;
    return member_ == "shape" ? &entry_.shape : member_ == "data_offsets" ? &entry_.data_offsets : nullptr;
  }

  /// A value that is nothing of the format: an error unless it belongs to a member that the format doesn't know.
  bool other_value() {
    if (in_metadata())
      fail(depth_ == 1 ? "expected an object of strings" : "expected a string as the value of \"" + member_ + '"');
    if (depth_ == 1) fail("expected an object with dtype, shape and data_offsets");
    if (member_ == "dtype") fail("dtype: expected a string");
    if (numbers() && depth_ == 2) fail(member_ + ": expected an array of non-negative integers");
    if (numbers())
      fail(member_ + ": expected non-negative 64-bit integers, found something else at index " +
           std::to_string(numbers()->value().size()));
    return true;
  }

  SafetensorsHeader::Entry checked_entry() {
    const std::string& type_name = member(entry_.dtype, "dtype");
    const std::optional<Dtype> dtype = dtype_named(type_name);
    if (!dtype) fail("dtype: expected F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL, found " + type_name);

    SafetensorsHeader::Entry result{*dtype, {}, 0, 0};
    std::uint64_t bytes = dtype_info(*dtype).bytes;
    for (const std::uint64_t dim : member(entry_.shape, "shape")) {
      if (dim > std::uint64_t{std::numeric_limits<std::int64_t>::max()} || __builtin_mul_overflow(bytes, dim, &bytes))
        fail("shape: expected a size that 64 bits can hold, found the dimension " + std::to_string(dim));
      result.shape.push_back(static_cast<std::int64_t>(dim));
    }
    const Numbers& offsets = member(entry_.data_offsets, "data_offsets");
    if (offsets.size() != 2) fail("data_offsets: expected 2 numbers, found " + std::to_string(offsets.size()));
    result.begin = offsets[0], result.end = offsets[1];
    if (result.begin > result.end || result.end - result.begin != bytes)
      fail("data_offsets: expected " + std::to_string(bytes) + " bytes for shape " + to_text(result.shape) + " of " +
           type_name + ", found [" + std::to_string(result.begin) + "," + std::to_string(result.end) + "]");
    return result;
  }

  template <class T>
  const T& member(const std::optional<T>& value, const char* key) const {
    if (!value) fail(std::string("expected the member ") + key + ", found none");
    return *value;
  }

  void check_gapless() {
    std::vector<std::tuple<std::uint64_t, std::uint64_t, std::string_view>> ranges;
    for (const auto& [name, entry] : header_.tensors) ranges.emplace_back(entry.begin, entry.end, name);
    std::sort(ranges.begin(), ranges.end());
    for (const auto& [begin, end, name] : ranges) {
      if (begin != header_.data_bytes) {
        name_ = name;
        fail("data_offsets: expected the data to begin at " + std::to_string(header_.data_bytes) +
             ", where the tensor before it ends, found " + std::to_string(begin));
      }
      header_.data_bytes = end;
    }
  }

  [[noreturn]] void fail_twice() const { fail("expected every name once, found it twice"); }

  // Points at the first mention of the name at hand; a name with escapes is not found, then at the header.
  [[noreturn]] void fail(const std::string& what) const {
    const std::size_t found = name_.empty() ? std::string_view::npos : text_.find('"' + name_ + '"');
    fail_at(file_, header_offset + (found == std::string_view::npos ? 0 : found),
            (name_.empty() ? "" : "\"" + name_ + "\": ") + what);
  }

  const std::string& file_;
  std::string_view text_;
  SafetensorsHeader header_;
  std::string name_, member_;  // of the tensor at hand and in its description
  Entry entry_;
  std::size_t depth_ = 0;  // objects and arrays that are open
  bool has_metadata_ = false;
};

}  // namespace detail

RESNET_ONCE SafetensorsHeader parse_safetensors_header(const std::string& file, std::string_view text) {
  return detail::HeaderParser(file, text).parse();
}

}  // namespace resnet

#endif  // RESNET_BODIES
