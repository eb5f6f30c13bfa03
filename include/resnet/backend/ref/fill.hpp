// SPDX-License-Identifier: MIT
#pragma once

#include <resnet/core/random.hpp>

#include <cstddef>

namespace resnet {

template <class T>
struct RefFill {
  static void fill_normal(auto&, std::size_t n, Stream stream, double std, T* y) {
    for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<T>(std * normal_at(stream, i));
  }
  static void fill_uniform(auto&, std::size_t n, Stream stream, double low, double high, T* y) {
    for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<T>(low + (high - low) * uniform_at(stream, i));
  }
};

}  // namespace resnet
