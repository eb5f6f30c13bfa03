// SPDX-License-Identifier: MIT
// The backend for CPUs, in float. The bodies of its operations are compiled with the program, for the instruction set that
// this is compiled for, or, with RESNET_COMPILED, they come from the library resnet::compiled.
#pragma once

#include <resnet/core/backend.hpp>

#ifdef RESNET_COMPILED
#include <resnet/backend/cpu/kernels.hpp>
#else
#include <resnet/backend/cpu/bodies.hpp>

// A message and no #warning, which -Werror would make an error.
#ifndef RESNET_ALLOW_SLOW_BUILD
#ifndef __OPTIMIZE__
#pragma message("resnet is slow without optimization: compile with -O3, or define RESNET_ALLOW_SLOW_BUILD")
#elif defined(__x86_64__) && !(defined(__AVX2__) && defined(__FMA__))
#pragma message("resnet is slow without AVX2 and FMA: compile with -march=native, or define RESNET_ALLOW_SLOW_BUILD")
#endif
#endif
#endif

#include <string_view>

namespace resnet {

inline namespace RESNET_ISA {

struct Cpu : CpuMemory {
  using State = CpuState;

#ifdef RESNET_COMPILED
  template <class Operation>
  static constexpr bool has = CpuKernels::has<Operation>;
  template <class Operation>
  requires has<Operation>
  static void run(CpuWork& work, const Operation& o) {
    static_cast<const CpuKernel<Operation>&>(cpu_kernels()).run(work, o);
  }
  static int max_threads() { return cpu_kernels().max_threads(); }
  static std::string_view instruction_set() { return cpu_kernels().instruction_set; }
  /// f(task, worker) for each task below `tasks`; worker < threads names the memory it may use alone.
  template <class F>
  static void parallel_for(int threads, std::size_t tasks, const F& f) {
    const auto call = [](const void* g, std::size_t task, std::size_t worker) {
      (*static_cast<const F*>(g))(task, worker);
    };
    cpu_kernels().parallel_for(threads, tasks, call, &f);
  }
#else
  template <class Operation>
  static constexpr bool has = requires(CpuWork& work, const Operation& o) {
    CpuBodies::run(work, o);
  };
  template <class Operation>
  requires has<Operation>
  static void run(CpuWork& work, const Operation& o) { CpuBodies::run(work, o); }
  static int max_threads() { return cpu::max_threads(); }
  static std::string_view instruction_set() { return cpu::instruction_set; }
  template <class F>
  static void parallel_for(int threads, std::size_t tasks, const F& f) {
    cpu::parallel_for(threads, tasks, f);
  }
#endif

  /// Not inlined: a network runs one operation in many places.
  template <class Operation>
  requires has<Operation>
  [[gnu::noinline]] static void run(Context<Cpu>& ctx, const Operation& o) {
    CpuWork work(ctx);
    run(work, o);
  }
};

}  // namespace RESNET_ISA

static_assert(Backend<Cpu>);

}  // namespace resnet
