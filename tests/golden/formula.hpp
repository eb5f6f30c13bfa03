// SPDX-License-Identifier: MIT
// Weights, inputs and labels of the golden comparison: integer arithmetic that make_golden.py repeats, so
// that the files need to hold results only. Every value is exact in float. Flat indices count in PyTorch's
// order, (n, c, h, w) and (out, in, kernel, kernel).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace golden {

constexpr std::uint32_t fnv1a(std::string_view name) {
  std::uint32_t h = 2166136261u;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 16777619u;
  return h;
}

/// The finalizer of MurmurHash3.
constexpr std::uint32_t mix(std::uint32_t u) {
  u = (u ^ (u >> 16)) * 0x85EBCA6Bu;
  u = (u ^ (u >> 13)) * 0xC2B2AE35u;
  return u ^ (u >> 16);
}

inline std::vector<std::uint32_t> words(std::string_view name, std::size_t count) {
  std::vector<std::uint32_t> result(count);
  for (std::size_t i = 0; i < count; ++i) result[i] = mix(mix(static_cast<std::uint32_t>(i)) ^ fnv1a(name));
  return result;
}

/// offset + scale · multiples of 2^-21 in [-1, 1).
inline std::vector<double> unit(std::string_view name, std::size_t count, double scale = 1, double offset = 0) {
  std::vector<double> result;
  for (const std::uint32_t word : words(name, count))
    result.push_back(offset + scale * (static_cast<double>(word >> 10) * 0x1p-21 - 1));
  return result;
}

inline std::vector<int> labels(std::string_view name, std::size_t n, unsigned classes) {
  std::vector<int> result;
  for (const std::uint32_t word : words(name, n)) result.push_back(static_cast<int>(word % classes));
  return result;
}

/// The largest power of two whose square is at most 6 / fan_in: the bound of Kaiming's uniform form.
constexpr double near_kaiming(int fan_in) {
  double scale = 1;
  while (6 < fan_in * scale * scale) scale /= 2;
  return scale;
}

/// A parameter or running statistic; `dims` is its shape, of which only the product after the first matters.
inline std::vector<double> parameter(std::string_view name, std::span<const int> dims) {
  const int fan_in = std::accumulate(dims.begin() + 1, dims.end(), 1, std::multiplies());
  const std::size_t count = static_cast<std::size_t>(dims[0]) * static_cast<std::size_t>(fan_in);
  if (name.ends_with("running_mean") || name.ends_with("bias")) return unit(name, count, 0.25);
  if (name.ends_with("running_var") || dims.size() == 1) return unit(name, count, 0.5, 1);
  return unit(name, count, near_kaiming(fan_in));
}

/// The elements that a file keeps of a tensor: all, or 256 of them.
inline std::vector<double> sample(std::string_view name, const std::vector<double>& values) {
  constexpr std::size_t kept = 256;
  if (values.size() <= kept) return values;
  std::vector<double> result;
  for (const std::uint32_t word : words(std::string(name) + ".sample", kept))
    result.push_back(values[word % values.size()]);
  return result;
}

}  // namespace golden
