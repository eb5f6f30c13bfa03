// SPDX-License-Identifier: MIT
// Reading and checking the JSON header of a safetensors file. The only place that includes the JSON library.
#pragma once

#if !__has_include(<nlohmann/json.hpp>)
#error \
    "resnet/io needs the JSON library nlohmann-json: install the package nlohmann-json3-dev (Debian, Ubuntu)"
#endif

#include <resnet/io/input_file.hpp>
#include <resnet/io/safetensors_header.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resnet {

namespace detail {

/// Checks one header while it turns the JSON values into a SafetensorsHeader.
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
    nlohmann::json root;
    try {
      root = nlohmann::json::parse(text_.data(), text_.data() + text_.size(), refuse_duplicates());
    } catch (const nlohmann::json::parse_error& e) {
      fail_at(file_, header_offset + (e.byte ? e.byte - 1 : 0),
              std::string("the header: expected valid JSON, found: ") + e.what());
    }
    SafetensorsHeader header;
    for (auto item = root.begin(); item != root.end(); ++item) {
      name_ = item.key();
      if (name_ == "__metadata__")
        header.metadata = metadata(*item);
      else
        header.tensors.emplace(name_, entry(*item));
    }
    header.data_bytes = check_gapless(header);
    return header;
  }

 private:
  using Json = nlohmann::json;

  Json::parser_callback_t refuse_duplicates() {
    return [this, open = std::vector<std::set<std::string>>()](int, Json::parse_event_t event,
                                                               Json& value) mutable {
      if (event == Json::parse_event_t::object_start) open.emplace_back();
      if (event == Json::parse_event_t::object_end) open.pop_back();
      if (event == Json::parse_event_t::key &&
          !open.back().insert(value.get_ref<const std::string&>()).second) {
        name_ = value.get_ref<const std::string&>();
        fail("expected every name once, found it twice");
      }
      return true;
    };
  }

  Metadata metadata(const Json& object) {
    if (!object.is_object()) fail("expected an object of strings");
    Metadata result;
    for (auto item = object.begin(); item != object.end(); ++item) {
      if (!item->is_string()) fail("expected a string as the value of \"" + item.key() + "\"");
      result.emplace(item.key(), item->get_ref<const std::string&>());
    }
    return result;
  }

  SafetensorsHeader::Entry entry(const Json& object) {
    const Json& type = member(object, "dtype");
    if (!type.is_string()) fail("dtype: expected a string");
    const std::string& type_name = type.get_ref<const std::string&>();
    const std::optional<Dtype> dtype = dtype_named(type_name);
    if (!dtype)
      fail("dtype: expected F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL, found " + type_name);

    SafetensorsHeader::Entry result{*dtype, {}, 0, 0};
    std::uint64_t bytes = dtype_info(*dtype).bytes;
    for (const std::uint64_t dim : numbers(object, "shape")) {
      if (dim > std::uint64_t{std::numeric_limits<std::int64_t>::max()} ||
          __builtin_mul_overflow(bytes, dim, &bytes))
        fail("shape: expected a size that 64 bits can hold, found the dimension " + std::to_string(dim));
      result.shape.push_back(static_cast<std::int64_t>(dim));
    }
    const std::vector<std::uint64_t> offsets = numbers(object, "data_offsets");
    if (offsets.size() != 2)
      fail("data_offsets: expected 2 numbers, found " + std::to_string(offsets.size()));
    result.begin = offsets[0], result.end = offsets[1];
    if (result.begin > result.end || result.end - result.begin != bytes)
      fail("data_offsets: expected " + std::to_string(bytes) + " bytes for shape " + to_text(result.shape) +
           " of " + type_name + ", found [" + std::to_string(result.begin) + "," +
           std::to_string(result.end) + "]");
    return result;
  }

  const Json& member(const Json& object, const char* key) {
    if (!object.is_object()) fail("expected an object with dtype, shape and data_offsets");
    const auto found = object.find(key);
    if (found == object.end()) fail(std::string("expected the member ") + key + ", found none");
    return *found;
  }

  std::vector<std::uint64_t> numbers(const Json& object, const char* key) {
    const Json& array = member(object, key);
    std::vector<std::uint64_t> result;
    if (!array.is_array()) fail(std::string(key) + ": expected an array of non-negative integers");
    for (const Json& number : array) {
      if (!number.is_number_unsigned())
        fail(std::string(key) + ": expected non-negative 64-bit integers, found something else at index " +
             std::to_string(result.size()));
      result.push_back(number.get<std::uint64_t>());
    }
    return result;
  }

  std::uint64_t check_gapless(const SafetensorsHeader& header) {
    std::multimap<std::pair<std::uint64_t, std::uint64_t>, std::string_view> ranges;
    for (const auto& [name, entry] : header.tensors) ranges.emplace(std::pair(entry.begin, entry.end), name);
    std::uint64_t end = 0;
    for (const auto& [range, name] : ranges) {
      name_ = name;
      if (range.first != end)
        fail("data_offsets: expected the data to begin at " + std::to_string(end) +
             ", where the tensor before it ends, found " + std::to_string(range.first));
      end = range.second;
    }
    return end;
  }

  // Points at the first mention of the name at hand; a name with escapes is not found, then at the header.
  [[noreturn]] void fail(const std::string& what) const {
    const std::size_t found = name_.empty() ? std::string_view::npos : text_.find('"' + name_ + '"');
    fail_at(file_, header_offset + (found == std::string_view::npos ? 0 : found),
            (name_.empty() ? "" : "\"" + name_ + "\": ") + what);
  }

  const std::string& file_;
  std::string_view text_;
  std::string name_;  // of the entry at hand, for messages
};

}  // namespace detail

/// Reads and checks a header; `file` is for the messages. Throws Error with the byte in the file.
inline SafetensorsHeader parse_safetensors_header(const std::string& file, std::string_view text) {
  return detail::HeaderParser(file, text).parse();
}

}  // namespace resnet
