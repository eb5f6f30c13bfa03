// SPDX-License-Identifier: MIT
// The only place that knows OpenMP. Work is cut into tasks by its size alone, never by the number of
// threads, so results are the same bits for any of them. OpenMP's global settings are not touched.
#pragma once

#include <resnet/backend/cpu/simd/denormals.hpp>

#include <algorithm>
#include <cstddef>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace resnet::inline RESNET_ISA::cpu {

inline int max_threads() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Calls f(task, worker) for each task below `tasks`; worker < threads names the memory it may use alone.
/// Neighbouring tasks run on the same worker.
template <class F>
[[gnu::noinline]] void parallel_for(int threads, std::size_t tasks, F&& f) {
#ifdef _OPENMP
  if (threads > 1 && tasks > 1) {
#pragma omp parallel num_threads(threads)
    {
      const FlushDenormals flush;
      const auto worker = static_cast<std::size_t>(omp_get_thread_num());
      const auto workers = static_cast<std::size_t>(omp_get_num_threads());
      for (std::size_t task = tasks * worker / workers; task < tasks * (worker + 1) / workers; ++task) f(task, worker);
    }
    return;
  }
#endif
  static_cast<void>(threads);
  const FlushDenormals flush;
  for (std::size_t task = 0; task < tasks; ++task) f(task, std::size_t{0});
}

/// Calls f(begin, count) for pieces of [0, n); fixed pieces of 16 Ki elements.
template <class F>
void parallel_pieces(int threads, std::size_t n, F&& f) {
  constexpr std::size_t piece = std::size_t{1} << 14;
  parallel_for(threads, (n + piece - 1) / piece,
               [&](std::size_t task, std::size_t) { f(task * piece, std::min(piece, n - task * piece)); });
}

}  // namespace resnet::inline RESNET_ISA::cpu
