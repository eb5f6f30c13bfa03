// SPDX-License-Identifier: MIT
// Host memory in huge pages where the system offers them: a convolution walks over more small pages at a
// time than the processor can look up quickly.
#pragma once

#include <resnet/backend/ref/memory.hpp>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstdlib>
#include <new>

namespace resnet {

struct CpuMemory : RefMemory<float> {
  using Memory = CpuMemory;

  static float* allocate(std::size_t n) {
    constexpr std::size_t line = 64, huge_page = std::size_t{1} << 21;
    const std::size_t bytes = n * sizeof(float), unit = bytes < huge_page ? line : huge_page;
    const std::size_t whole = std::max(bytes + unit - 1, unit) / unit * unit;
    void* p = std::aligned_alloc(unit, whole);
    if (!p) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    if (unit == huge_page) madvise(p, whole, MADV_HUGEPAGE);  // advice: it may be refused
#endif
    return static_cast<float*>(p);
  }
  static void deallocate(float* p) { std::free(p); }
};

}  // namespace resnet
