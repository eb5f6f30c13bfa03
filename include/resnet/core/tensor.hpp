// SPDX-License-Identifier: MIT
// A parameter: an owning array in the backend's memory whose dimensions are part of its type.
#pragma once

#include <resnet/core/fwd.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace resnet {

/// Row-major; convolution weights are (out, kernel, kernel, in). A new tensor is zero. Copies are deep.
template <class B, int... Dims>
class Tensor {
  static_assert(sizeof...(Dims) > 0 && ((Dims > 0) && ...), "every dimension of a Tensor is at least 1");

 public:
  using Backend = B;
  using Scalar = typename B::Scalar;
  static constexpr std::array<int, sizeof...(Dims)> dims{Dims...};
  static constexpr std::size_t size() { return (std::size_t{1} * ... * static_cast<std::size_t>(Dims)); }

  constexpr Tensor() : data_(B::allocate(size())) { B::fill(size(), Scalar{0}, data_); }
  constexpr Tensor(const Tensor& o) : data_(B::allocate(size())) { B::copy(size(), o.data_, data_); }
  constexpr Tensor(Tensor&& o) noexcept : data_(std::exchange(o.data_, nullptr)) {}
  constexpr Tensor& operator=(Tensor o) noexcept {
    std::swap(data_, o.data_);
    return *this;
  }
  constexpr ~Tensor() { B::deallocate(data_); }

  constexpr Scalar* data() { return data_; }
  constexpr const Scalar* data() const { return data_; }

 private:
  Scalar* data_;  // null only after a move
};

template <class T>
inline constexpr bool is_tensor = false;
template <class B, int... Dims>
inline constexpr bool is_tensor<Tensor<B, Dims...>> = true;

}  // namespace resnet
