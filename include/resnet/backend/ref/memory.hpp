// SPDX-License-Identifier: MIT
// Memory of a host backend: 64-byte aligned, uninitialised.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <type_traits>

namespace resnet {

template <class P, class A = P>
struct RefMemory {
  using Scalar = P;
  using Activation = A;
  using Memory = RefMemory;
  static constexpr bool dry = false;

  static P* allocate(std::size_t n) { return static_cast<P*>(::operator new (n * sizeof(P), std::align_val_t{64})); }
  static void deallocate(P* p) { ::operator delete (p, std::align_val_t{64}); }

  // Of scalars and of activations.
  template <class T>
  static void copy(std::size_t n, const T* from, T* to) {
    std::copy_n(from, n, to);
  }
  template <class T>
  static void fill(std::size_t n, std::type_identity_t<T> value, T* y) {
    std::fill_n(y, n, value);
  }
  template <class T>
  static void upload(std::size_t n, const T* host, T* y) {
    std::copy_n(host, n, y);
  }
  template <class T>
  static void download(std::size_t n, const T* x, T* host) {
    std::copy_n(x, n, host);
  }
};

}  // namespace resnet
