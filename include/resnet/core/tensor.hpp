// SPDX-License-Identifier: MIT
// A parameter: an owning array in the backend's memory whose dimensions are part of its type.
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/fwd.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace resnet {

namespace detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_released() {
  throw Error(
      "tensor: expected memory to write to, found a gradient that was released because nothing in or below its layer is "
      "trained: the layer's backward has to look at released() first (core/layer.hpp, 10)");
}

// Not inlined: a network has dozens of tensors.
template <class B>
[[gnu::noinline]] constexpr typename B::Scalar* allocate_zeros(std::size_t count) {
  auto* const memory = B::allocate(count);
  B::fill(count, typename B::Scalar{0}, memory);
  return memory;
}
template <class B>
[[gnu::noinline]] constexpr typename B::Scalar* allocate_copy(std::size_t count, const typename B::Scalar* from) {
  if (!B::dry && !from) return nullptr;
  auto* const memory = B::allocate(count);
  B::copy(count, from, memory);
  return memory;
}
template <class B>
[[gnu::noinline]] constexpr void give_back(typename B::Scalar* memory, bool owned) {
  if (owned) B::deallocate(memory);
}

}  // namespace detail

/// Row-major; convolution weights are (out, kernel, kernel, in). A new tensor is zero. Copies are deep.
template <class B, int... Dims>
class Tensor {
  static_assert(sizeof...(Dims) > 0 && ((Dims > 0) && ...), "every dimension of a Tensor is at least 1");

 public:
  using Backend = B;
  using Scalar = typename B::Scalar;
  static constexpr std::array<int, sizeof...(Dims)> dims{Dims...};
  static constexpr std::size_t size() { return extent(Dims...); }

  constexpr Tensor() : data_(detail::allocate_zeros<B>(size())) {}
  constexpr Tensor(const Tensor& o) : data_(detail::allocate_copy<B>(size(), o.data_)) {}
  constexpr Tensor(Tensor&& o) : Tensor(nullptr) {
    if (o.owned_)
      std::swap(data_, o.data_);
    else
      *this = Tensor(std::as_const(o));
  }
  /// Copies into memory that isn't this tensor's own; takes o's otherwise.
  constexpr Tensor& operator=(Tensor o) {
    if (!owned_ && !released() && !o.released()) {
      B::copy(size(), o.data_, data_);
    } else {
      std::swap(data_, o.data_);
      std::swap(owned_, o.owned_);
    }
    return *this;
  }
  constexpr ~Tensor() { give_back(); }

  /// Throws Error if the tensor was released.
  constexpr Scalar* data() {
    if (released()) detail::throw_released();
    return data_;
  }
  constexpr const Scalar* data() const { return data_; }
  /// The same, and null if the tensor was released.
  constexpr Scalar* data_or_null() { return data_; }
  constexpr const Scalar* data_or_null() const { return data_; }

  /// Gives the memory back: of a gradient that nobody asks for (core/layer.hpp, 10). On a dry backend nothing happens.
  constexpr void release() {
    give_back();
    data_ = nullptr;
  }
  constexpr bool released() const { return !B::dry && !data_; }

  /// Moves to memory of somebody else's, which has to outlive it, and be left alone by who does not want to change it.
  constexpr void move_to(Scalar* place) {
    B::copy(size(), data_, place);
    give_back();
    data_ = place;
    owned_ = false;
  }

 private:
  constexpr explicit Tensor(std::nullptr_t) : data_(nullptr) {}
  constexpr void give_back() { detail::give_back<B>(data_, owned_); }

  Scalar* data_;  // null after a move and where released
  bool owned_ = true;
};

template <class T>
inline constexpr bool is_tensor = false;
template <class B, int... Dims>
inline constexpr bool is_tensor<Tensor<B, Dims...>> = true;

}  // namespace resnet
