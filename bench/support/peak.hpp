// SPDX-License-Identifier: MIT
// The machine's own limit, measured where it is used: speeds of shared machines change by the minute.
#pragma once

#include <resnet/backend/cpu/parallel.hpp>
#include <resnet/backend/cpu/simd/vec.hpp>

#include <algorithm>
#include <chrono>

namespace bench {

/// Fused multiply-adds on registers only: 16 chains hide the latency.
[[gnu::noinline]] inline float multiply_adds(long count) {
  using namespace resnet::cpu;
  Vec sum[16];
  Vec x = broadcast(1.0f), y = broadcast(1e-9f);
  for (Vec& s : sum) s = x;
  for (long i = 0; i < count; ++i) {
    pin(x), pin(y);  // or the compiler would work the sums out beforehand
#pragma GCC unroll 16
    for (int j = 0; j < 16; ++j) sum[j] = fma(sum[j], x, y);
  }
  Vec all = sum[0];
  for (const Vec& s : sum) all = all + s;
  float result;
  store_part(&result, all, 1);
  return result;
}

/// FLOP/s of `threads` threads: the best of five short tries.
inline double peak_flops(int threads) {
  constexpr long count = 400'000;
  double best = 0;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    resnet::cpu::parallel_for(threads, static_cast<std::size_t>(threads), [](std::size_t, std::size_t) {
      volatile float sink = multiply_adds(count);
      static_cast<void>(sink);
    });
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    best = std::max(best, 2.0 * 16 * resnet::cpu::lanes * count * threads / time.count());
  }
  return best;
}

}  // namespace bench
