// SPDX-License-Identifier: MIT
// A batch of images or feature maps, (n, h, w, c) in memory: its shape is a type, its size a number.
#pragma once

#include <resnet/core/arena.hpp>
#include <resnet/core/error.hpp>
#include <resnet/core/fwd.hpp>
#include <resnet/core/once.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

namespace resnet {

namespace detail {

[[noreturn]] RESNET_ONCE void refuse_batch(std::int64_t n, std::size_t size, std::size_t most);

}  // namespace detail

/// The scalars of n activations of `size`. Operations count rows, pixels and tiles in int: Error for more scalars than
/// that holds, and for n < 0.
constexpr std::size_t batch_scalars(std::int64_t n, std::size_t size) {
  constexpr auto largest = static_cast<std::size_t>(std::numeric_limits<int>::max());
  const std::size_t most = size > 0 ? largest / size : largest;
  if (n < 0 || static_cast<std::size_t>(n) > most) detail::refuse_batch(n, size, most);
  return static_cast<std::size_t>(n) * size;
}

/// A handle on memory of a Context's arena. Copies share the memory; it returns to the arena with the last
/// of them. Not for sharing between threads: each thread has a Context of its own.
template <class B, class T = typename B::Scalar>
class Buffer {
 public:
  using Element = T;
  using Piece = typename Arena<B>::Piece;

  constexpr Buffer() = default;
  constexpr explicit Buffer(Piece* owned) : data_(elements(owned->data)), piece_(owned) {}
  constexpr explicit Buffer(T* borrowed) : data_(borrowed) {}
  constexpr Buffer(const Buffer& o) : data_(o.data_), piece_(o.piece_) { Arena<B>::add_handle(piece_); }
  constexpr Buffer(Buffer&& o) noexcept
      : data_(std::exchange(o.data_, nullptr)), piece_(std::exchange(o.piece_, nullptr)) {}
  constexpr Buffer& operator=(Buffer o) noexcept {
    std::swap(data_, o.data_);
    std::swap(piece_, o.piece_);
    return *this;
  }
  constexpr ~Buffer() { Arena<B>::drop_handle(piece_); }

  constexpr T* data() const { return data_; }
  /// True if nobody else can see this memory: only then may an operation write its result over it.
  constexpr bool unique() const { return piece_ && piece_->handles == 1; }

 private:
  /// The arena counts in scalars; what is narrower lies in the same memory.
  static constexpr T* elements(typename B::Scalar* memory) {
    if constexpr (std::is_same_v<T, typename B::Scalar>)
      return memory;
    else
      return memory ? reinterpret_cast<T*>(memory) : nullptr;
  }

  T* data_ = nullptr;
  Piece* piece_ = nullptr;  // null: the memory is somebody else's
};

namespace detail {

/// Memory for `count` elements, contents undefined; for tests: NaN. Not inlined: a network asks for some in hundreds of
/// places.
template <class T, class B>
[[gnu::noinline]] constexpr Buffer<B, T> allocate(Arena<B>& arena, std::size_t count, bool poison) {
  using Scalar = typename B::Scalar;
  Buffer<B, T> memory(arena.allocate((count * sizeof(T) + sizeof(Scalar) - 1) / sizeof(Scalar)));
  if (poison) B::fill(count, std::numeric_limits<T>::quiet_NaN(), memory.data());
  return memory;
}

}  // namespace detail

/// A batch of images of whatever shape.
template <class B, class T = typename B::Activation>
class BatchBase : public Buffer<B, T> {
 public:
  constexpr BatchBase() = default;
  constexpr BatchBase(const BatchBase&) = default;
  constexpr BatchBase(BatchBase&& o) noexcept : Buffer<B, T>(std::move(o)), n_(std::exchange(o.n_, 0)) {}
  constexpr BatchBase& operator=(BatchBase o) noexcept {
    Buffer<B, T>::operator=(std::move(o));
    n_ = o.n_;
    return *this;
  }
  constexpr BatchBase(Buffer<B, T> memory, int n) : Buffer<B, T>(std::move(memory)), n_(n) {}

  constexpr int n() const { return n_; }

 private:
  int n_ = 0;
};

/// Of activations or their gradients, unless T says otherwise.
template <Shape S, class B, class T>
class Batch : public BatchBase<B, T> {
 public:
  static constexpr Shape shape = S;

  constexpr Batch() = default;
  /// Error as from batch_scalars, here and below.
  constexpr Batch(Buffer<B, T> memory, int n) : BatchBase<B, T>(std::move(memory), n) { batch_scalars(n, S.size()); }
  /// A view of memory that the caller keeps: n·h·w·c elements.
  constexpr Batch(T* borrowed, int n) : Batch(Buffer<B, T>(borrowed), n) {}

  /// Images that have this shape: nobody checks it.
  constexpr explicit Batch(BatchBase<B, T> images) : BatchBase<B, T>(std::move(images)) {}

  constexpr std::size_t size() const { return static_cast<std::size_t>(this->n()) * S.size(); }
};

/// A batch of scalars, whatever activations are: statistics, targets and probabilities.
template <Shape S, class B>
using Scalars = Batch<S, B, typename B::Scalar>;

namespace detail {

[[noreturn]] RESNET_ONCE void throw_no_images();
[[noreturn]] RESNET_ONCE void throw_not_saved(int saved, int dy);

}  // namespace detail

/// n, or Error for a batch of no images, on which an operation with parameters has nothing to do.
constexpr int require_images(int n) {
  if (n < 1) detail::throw_no_images();
  return n;
}

/// What forward has saved, which leaves `saved` empty. Throws Error unless it is of as many images as dy, the gradient;
/// an empty dy (core/layer.hpp, 10) takes anything.
template <class B>
[[gnu::noinline]] constexpr BatchBase<B> take(BatchBase<B>& saved, const BatchBase<B>& dy) {
  if (dy.n() > 0 && saved.n() != dy.n()) detail::throw_not_saved(saved.n(), dy.n());
  return std::move(saved);
}
template <Shape S, Shape Out, class B>
constexpr Batch<S, B> take(Batch<S, B>& saved, const Batch<Out, B>& dy) {
  return Batch<S, B>(take<B>(saved, dy));
}

}  // namespace resnet

#ifdef RESNET_BODIES

#include <string>

namespace resnet {

namespace detail {

RESNET_ONCE void refuse_batch(std::int64_t n, std::size_t size, std::size_t most) {
  throw Error("batch: expected 0 to " + std::to_string(most) + " activations of " + std::to_string(size) +
              " scalars (2^31 - 1 together), found " + std::to_string(n));
}

RESNET_ONCE void throw_no_images() {
  throw Error(
      "expected a batch of 1 image or more, found none (in a backward pass: visit has to name the layers in the "
      "order of forward, core/layer.hpp, 7)");
}
RESNET_ONCE void throw_not_saved(int saved, int dy) {
  throw Error("backward: expected one backward for each forward, found a gradient of " + std::to_string(dy) +
              " images and an activation of " + std::to_string(saved) + " from forward");
}

}  // namespace detail

}  // namespace resnet

#endif  // RESNET_BODIES
