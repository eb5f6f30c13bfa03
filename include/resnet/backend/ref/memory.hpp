// SPDX-License-Identifier: MIT
// Memory of a host backend: 64-byte aligned, uninitialised.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>

namespace resnet {

template <class T>
struct RefMemory {
  using Scalar = T;
  using Activation = T;
  static constexpr bool dry = false;

  static T* allocate(std::size_t n) { return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{64})); }
  static void deallocate(T* p) { ::operator delete (p, std::align_val_t{64}); }
  static void copy(std::size_t n, const T* from, T* to) { std::copy_n(from, n, to); }
  static void fill(std::size_t n, T value, T* y) { std::fill_n(y, n, value); }
  static void upload(std::size_t n, const T* host, T* y) { std::copy_n(host, n, y); }
  static void download(std::size_t n, const T* x, T* host) { std::copy_n(x, n, host); }
};

}  // namespace resnet
