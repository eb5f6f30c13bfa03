// SPDX-License-Identifier: MIT
// What an operation does with memory, as the type of its operand. Batches and tensors convert to it; without data the
// operand is left out.
#pragma once

#include <resnet/core/batch.hpp>
#include <resnet/core/tensor.hpp>

namespace resnet {

/// Read.
template <class T>
struct In {
  static constexpr bool written = false;
  const T* data = nullptr;

  constexpr In() = default;
  constexpr In(const T* at) : data(at) {}
  template <class B>
  constexpr In(const Buffer<B, T>& memory) : data(memory.data()) {}
  template <class B>
  constexpr In(const TensorBase<B>& tensor) : data(tensor.data()) {}
  constexpr explicit operator bool() const { return data; }
};

namespace detail {

template <class T>
struct Written {
  static constexpr bool written = true;
  T* data = nullptr;

  constexpr Written() = default;
  constexpr Written(T* at) : data(at) {}
  template <class B>
  constexpr Written(const Buffer<B, T>& memory) : data(memory.data()) {}
  template <class B>
  constexpr Written(TensorBase<B>& tensor) : data(tensor.data()) {}
  constexpr explicit operator bool() const { return data; }
};

}  // namespace detail

/// Overwritten. It may be the same memory as an operand that is read only where the operation says so.
template <class T>
struct Out : detail::Written<T> {
  using detail::Written<T>::Written;
};
/// Added to: a parameter's gradient.
template <class T>
struct Sum : detail::Written<T> {
  using detail::Written<T>::Written;
};
/// Read and overwritten: what a step changes.
template <class T>
struct InOut : detail::Written<T> {
  using detail::Written<T>::Written;
};

namespace op {

/// What happens to a result before it is written.
enum class Activation { none, relu };

}  // namespace op

}  // namespace resnet
