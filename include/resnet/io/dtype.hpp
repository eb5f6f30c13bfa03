// SPDX-License-Identifier: MIT
// The element types of safetensors files and their conversion to the numbers that the library computes with.
#pragma once

#include <resnet/core/error.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace resnet {

static_assert(std::endian::native == std::endian::little, "tensor files are little-endian and read without swapping");
static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559,
              "tensor files hold IEEE 754 numbers; a double beyond a float's range becomes infinity");

enum class Dtype { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

struct DtypeInfo {
  std::string_view name;
  std::size_t bytes;
};
// clang-format off
inline constexpr std::array<DtypeInfo, 10> dtypes{{  // in the order of Dtype
    {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"I16", 2}, {"I8", 1}, {"U8", 1},
    {"BOOL", 1}}};
// clang-format on

constexpr const DtypeInfo& dtype_info(Dtype t) { return dtypes[static_cast<std::size_t>(t)]; }
constexpr bool is_floating(Dtype t) { return t <= Dtype::bf16; }

constexpr std::optional<Dtype> dtype_named(std::string_view name) {
  for (std::size_t i = 0; i < dtypes.size(); ++i)
    if (dtypes[i].name == name) return static_cast<Dtype>(i);
  return std::nullopt;
}

/// The type under which a float, double or std::int64_t is stored.
template <class T>
constexpr Dtype dtype_of() {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, std::int64_t>,
                "tensors are written as float, double or std::int64_t");
  return std::is_same_v<T, float> ? Dtype::f32 : std::is_same_v<T, double> ? Dtype::f64 : Dtype::i64;
}

/// IEEE 754 binary16, exactly.
constexpr float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half} >> 15, exponent = (std::uint32_t{half} >> 10) & 31;
  const std::uint32_t fraction = std::uint32_t{half} & 0x3FFu;
  if (exponent == 0)  // subnormal, zero
    return (sign ? -0x1p-24f : 0x1p-24f) * static_cast<float>(fraction);
  const std::uint32_t moved = exponent == 31 ? 255 : exponent + (127 - 15);
  return std::bit_cast<float>(sign << 31 | moved << 23 | fraction << 13);
}

/// bfloat16: the upper half of a float.
constexpr float bfloat_to_float(std::uint16_t b) { return std::bit_cast<float>(std::uint32_t{b} << 16); }

namespace detail {

template <class Stored>
Stored load(const std::byte* at) {  // files don't promise alignment
  Stored stored;
  std::memcpy(&stored, at, sizeof(stored));
  return stored;
}

template <class T, class Stored>
T number_as(Stored stored) {
  if constexpr (std::is_integral_v<T> && std::is_floating_point_v<Stored>)
    if (!(stored >= -0x1p63 && stored < 0x1p63))
      throw Error("expected a number that 64-bit integers can hold, found " + std::to_string(stored));
  return static_cast<T>(stored);
}

}  // namespace detail

/// The stored element at `at`. What is beyond T's precision is rounded; throws Error for a number that no
/// std::int64_t can hold.
template <class T>
T element(Dtype type, const std::byte* at) {
  using detail::load, detail::number_as;
  switch (type) {
    case Dtype::f64:
      return number_as<T>(load<double>(at));
    case Dtype::f32:
      return number_as<T>(load<float>(at));
    case Dtype::f16:
      return number_as<T>(half_to_float(load<std::uint16_t>(at)));
    case Dtype::bf16:
      return number_as<T>(bfloat_to_float(load<std::uint16_t>(at)));
    case Dtype::i64:
      return number_as<T>(load<std::int64_t>(at));
    case Dtype::i32:
      return number_as<T>(load<std::int32_t>(at));
    case Dtype::i16:
      return number_as<T>(load<std::int16_t>(at));
    case Dtype::i8:
      return number_as<T>(load<std::int8_t>(at));
    case Dtype::u8:
      return number_as<T>(load<std::uint8_t>(at));
    case Dtype::boolean:
      return number_as<T>(load<std::uint8_t>(at) != 0);
  }
  return T{};
}

/// Converts `count` stored elements at `bytes`; out: (count).
template <class T>
void convert(Dtype type, const std::byte* bytes, std::size_t count, T* out) {
  const std::size_t width = dtype_info(type).bytes;
  if (type == dtype_of<T>()) {
    if (count > 0) std::memcpy(out, bytes, count * width);
  } else {
    for (std::size_t i = 0; i < count; ++i) out[i] = element<T>(type, bytes + i * width);
  }
}

/// The first of `count` stored elements that is NaN or infinite, or becomes so as a number of type `as`: a
/// large double as a float. `count` if there is none. It looks at bits, which no option of the compiler
/// assumes away.
inline std::size_t first_not_finite(Dtype type, const std::byte* bytes, std::size_t count, Dtype as) {
  const auto search = [&]<class Bits>(Bits limit) {  // of the magnitude
    const auto beyond = [&](std::size_t i) {
      return static_cast<Bits>(detail::load<Bits>(bytes + i * sizeof(Bits)) & (Bits(-1) >> 1)) >= limit;
    };
    bool any = false;  // all of them without a branch: in vectors
    for (std::size_t i = 0; i < count; ++i) any |= beyond(i);
    std::size_t first = any ? 0 : count;
    while (first < count && !beyond(first)) ++first;
    return first;
  };
  switch (type) {
    case Dtype::f64:  // from the middle between the largest float and 2^128 on, rounding gives infinity
      return search(
          std::bit_cast<std::uint64_t>(as == Dtype::f32 ? 0x1.ffffffp127 : std::numeric_limits<double>::infinity()));
    case Dtype::f32:
      return search(std::uint32_t{0x7F800000});
    case Dtype::f16:
      return search(std::uint16_t{0x7C00});
    case Dtype::bf16:
      return search(std::uint16_t{0x7F80});
    default:
      return count;
  }
}

}  // namespace resnet
