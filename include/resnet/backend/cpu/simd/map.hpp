// SPDX-License-Identifier: MIT
// A function of vectors, applied to arrays.
#pragma once

#include <resnet/backend/cpu/simd/exp.hpp>

#include <cstddef>

namespace resnet::inline RESNET_ISA::cpu {

/// to[i] = f(from[i]...) for n elements, vector by vector.
inline void map(std::size_t n, float* to, auto&& f, const auto*... from) {
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) store(to + i, f(load(from + i)...));
  if (const int rest = static_cast<int>(n - i); rest > 0) store_part(to + i, f(load_part(from + i, rest)...), rest);
}

}  // namespace resnet::inline RESNET_ISA::cpu
