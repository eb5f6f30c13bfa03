// SPDX-License-Identifier: MIT
// A parameter: an owning array in the backend's memory whose dimensions are part of its type.
#pragma once

#include <resnet/core/error.hpp>
#include <resnet/core/fwd.hpp>
#include <resnet/core/once.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace resnet {

namespace detail {

[[noreturn]] RESNET_ONCE void throw_released();

}  // namespace detail

/// A tensor with its dimensions as numbers: what reads or writes all tensors of a model needs only one type. What
/// allocates, copies or frees is not inlined, since a network has dozens of tensors.
template <class B>
class TensorBase {
 public:
  using Backend = B;
  using Scalar = typename B::Scalar;

  constexpr std::size_t size() const { return size_; }
  constexpr std::span<const int> dims() const { return dims_; }

  /// Throws Error if the tensor was released.
  constexpr Scalar* data() {
    if (released()) detail::throw_released();
    return data_;
  }
  constexpr const Scalar* data() const { return data_; }

  /// Gives the memory back: of a gradient that nobody asks for (core/layer.hpp, 10). On a dry backend nothing happens.
  [[gnu::noinline]] constexpr void release() {
    give_back();
    data_ = nullptr;
  }
  constexpr bool released() const { return !B::dry && !data_; }

  /// Moves to memory of somebody else's, which has to outlive it, and be left alone by who does not want to change it.
  constexpr void move_to(Scalar* place) {
    B::copy(size_, data_, place);
    give_back();
    data_ = place;
    owned_ = false;
  }

 protected:
  [[gnu::noinline]] constexpr TensorBase(std::size_t size, std::span<const int> dims, Scalar value)
      : size_(size), dims_(dims), data_(B::allocate(size)) {
    B::fill(size, value, data_);
  }
  [[gnu::noinline]] constexpr TensorBase(const TensorBase& o) : size_(o.size_), dims_(o.dims_) { take_copy(o); }
  [[gnu::noinline]] constexpr TensorBase(TensorBase&& o) : size_(o.size_), dims_(o.dims_) {
    if (o.owned_)
      std::swap(data_, o.data_);
    else
      take_copy(o);
  }
  /// Copies into memory that isn't this tensor's own, here and below.
  [[gnu::noinline]] constexpr TensorBase& operator=(const TensorBase& o) {
    if (this == &o) return *this;
    if (in_place_for(o)) {
      B::copy(size_, o.data_, data_);
    } else {
      TensorBase copy = o;
      swap(copy);
    }
    return *this;
  }
  [[gnu::noinline]] constexpr TensorBase& operator=(TensorBase&& o) {
    if (!o.owned_ || in_place_for(o)) return *this = std::as_const(o);
    swap(o);
    return *this;
  }
  [[gnu::noinline]] constexpr ~TensorBase() { give_back(); }

 private:
  constexpr bool in_place_for(const TensorBase& o) const { return !owned_ && !released() && !o.released(); }
  constexpr void take_copy(const TensorBase& o) {
    if (o.released()) return;
    data_ = B::allocate(size_);
    B::copy(size_, o.data_, data_);
  }
  constexpr void swap(TensorBase& o) {
    std::swap(data_, o.data_);
    std::swap(owned_, o.owned_);
  }
  constexpr void give_back() {
    if (owned_) B::deallocate(data_);
  }

  std::size_t size_;
  std::span<const int> dims_;
  Scalar* data_ = nullptr;  // null after a move and where released
  bool owned_ = true;
};

/// Row-major; convolution weights are (out, kernel, kernel, in). Copies are deep.
template <class B, int... Dims>
class Tensor : public TensorBase<B> {
  static_assert(sizeof...(Dims) > 0 && ((Dims > 0) && ...), "every dimension of a Tensor is at least 1");
  static constexpr std::array<int, sizeof...(Dims)> dimensions{Dims...};

 public:
  static constexpr std::size_t size() { return extent(Dims...); }

  constexpr Tensor() : TensorBase<B>(size(), dimensions, 0) {}
  /// All elements are `value`.
  constexpr explicit Tensor(typename B::Scalar value) : TensorBase<B>(size(), dimensions, value) {}
};

template <class T>
inline constexpr bool is_tensor = false;
template <class B, int... Dims>
inline constexpr bool is_tensor<Tensor<B, Dims...>> = true;

}  // namespace resnet

#ifdef RESNET_BODIES

namespace resnet {

namespace detail {

RESNET_ONCE void throw_released() {
  throw Error(
      "tensor: expected memory to write to, found a gradient that was released because nothing in or below its layer is "
      "trained: the layer's backward has to look at released() first (core/layer.hpp, 10)");
}

}  // namespace detail

}  // namespace resnet

#endif  // RESNET_BODIES
