// SPDX-License-Identifier: MIT
// The bodies of the CPU's operations for the instruction set of this compilation, as the table RESNET_TABLE.
#include <resnet/backend/cpu/bodies.hpp>
#include <resnet/backend/cpu/kernels.hpp>

namespace resnet {

namespace {

template <class... Operations>
constexpr CpuKernelTable<Operations...> make_table(const CpuKernelTable<Operations...>*) {
  return {{[](CpuWork& work, const Operations& o) { CpuBodies::run(work, o); }}...,
          cpu::instruction_set,
          cpu::max_threads,
          [](int threads, std::size_t tasks, void (*f)(const void*, std::size_t, std::size_t), const void* what) {
            cpu::parallel_for(threads, tasks, [=](std::size_t task, std::size_t worker) { f(what, task, worker); });
          }};
}

}  // namespace

extern "C" const CpuKernels RESNET_TABLE;
constexpr CpuKernels RESNET_TABLE = make_table(static_cast<const CpuKernels*>(nullptr));

}  // namespace resnet
