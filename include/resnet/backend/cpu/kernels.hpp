// SPDX-License-Identifier: MIT
// The bodies of the CPU's operations, compiled once for several instruction sets (CMake's target resnet::compiled): a table
// of pointers for each, chosen when the first of them is asked for.
#pragma once

#include <resnet/backend/cpu/packing.hpp>
#include <resnet/backend/cpu/work.hpp>
#include <resnet/core/version.hpp>
#include <resnet/op/all.hpp>

#include <cstddef>

namespace resnet {

template <class Operation>
struct CpuKernel {
  void (*run)(CpuWork&, const Operation&);
};

/// f(task, worker) for each task, as cpu::parallel_for (parallel.hpp); `f` gets `what` first.
using ParallelFor = void (*)(int threads, std::size_t tasks, void (*f)(const void* what, std::size_t, std::size_t),
                             const void* what);

template <class... Operations>
struct CpuKernelTable : CpuKernel<Operations>... {
  template <class Operation>
  static constexpr bool has = (std::is_same_v<Operation, Operations> || ...);

  const char* instruction_set;  // "avx512", "avx2", "neon" or "baseline"
  int (*max_threads)();
  ParallelFor parallel_for;
};

namespace detail {

template <class... Operations>
CpuKernelTable<Operations..., ChoosePacking, PackWeights, PackedConv2d> table_of(op::List<Operations...>);

}  // namespace detail

using CpuKernels = decltype(detail::table_of(op::All<float, float>{}));

/// The best table that this processor can run, or what the environment variable RESNET_CPU names. Throws Error if it names
/// none, or one that can't run here, and if the library was compiled from another version than the caller's headers.
const CpuKernels& choose_cpu_kernels(const char* version);

inline const CpuKernels& cpu_kernels() {
  static const CpuKernels& chosen = choose_cpu_kernels(RESNET_VERSION);
  return chosen;
}

}  // namespace resnet
