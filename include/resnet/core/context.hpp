// SPDX-License-Identifier: MIT
// What an operation needs besides its operands: memory, threads, random numbers. One per calling thread;
// any number of Contexts may run one model's `infer` at the same time.
#pragma once

#include <resnet/core/batch.hpp>
#include <resnet/core/once.hpp>
#include <resnet/core/random.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <type_traits>
#include <vector>

namespace resnet {

/// Of a backend that keeps nothing. (Not in `detail`: a base class's namespace is one that calls are looked up in.)
struct NoState {};

namespace detail {

template <class B>
struct StateOf {
  using type = NoState;
};
template <class B>
requires requires { typename B::State; }
struct StateOf<B> {
  using type = typename B::State;
};

}  // namespace detail

/// More would be a mistake: OpenMP's runtime ends the process when it can't start them, and an operation has
/// fewer tasks.
inline constexpr int max_context_threads = 1024;

namespace detail {

[[noreturn]] RESNET_ONCE void refuse_threads(int found);
[[noreturn]] RESNET_ONCE void refuse_upload(std::size_t image_size, std::size_t found);

}  // namespace detail

/// With the members of B::State, where the backend has something of its own to keep.
template <class B>
class Context : public detail::StateOf<B>::type {
 public:
  using Backend = B;
  using Scalar = typename B::Scalar;          // of parameters
  using Activation = typename B::Activation;  // of batches
  using Memory = typename B::Memory;

  /// `threads` 0 means all that the backend has, up to max_context_threads; results don't depend on it. `seed` feeds
  /// Dropout. Throws Error for a number below 0 or above max_context_threads.
  constexpr explicit Context(int threads = 0, std::uint64_t seed = 0)
      : threads_(checked(threads)), dropout_{seed, for_dropout} {}
  constexpr ~Context() {
    activations_->abandon();
    scratch_->abandon();
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  constexpr int threads() const { return threads_; }

  /// A batch for an activation or its gradient, contents undefined. Error if it is too large (batch_scalars).
  template <Shape S>
  constexpr Batch<S, B> make(std::int64_t n) {
    return Batch<S, B>(make_images(n, S.size()));
  }
  /// The same for scalars.
  template <Shape S>
  constexpr Scalars<S, B> make_scalars(std::int64_t n) {
    return Scalars<S, B>(make_images<Scalar>(n, S.size()));
  }

  /// The same of any shape, of images of `size` elements. Not inlined: a network makes batches in hundreds of places.
  template <class T = Activation>
  [[gnu::noinline]] constexpr BatchBase<B, T> make_images(std::int64_t n, std::size_t size) {
    return {detail::allocate<T>(*activations_, batch_scalars(n, size), poison_), static_cast<int>(n)};
  }

  /// `y` of the same shape as `x`: x's own memory if nobody else sees it, new memory otherwise.
  [[gnu::noinline]] constexpr BatchBase<B> make_images_like(const BatchBase<B>& x, std::size_t size) {
    if (x.unique()) return x;  // (no ?: here: g++ 12 destroys its result twice in constant evaluation)
    return make_images(x.n(), size);
  }
  template <Shape S>
  constexpr Batch<S, B> make_like(const Batch<S, B>& x) {
    return Batch<S, B>(make_images_like(x, S.size()));
  }

  /// A batch with values from the host: images (n, h, w, c), in any floating type, in whatever has data() and size()
  /// (std::span, std::vector, std::array, an array). Throws Error unless they are whole images, one or more.
  template <Shape S, class Values>
  requires requires(const Values& values) { *std::data(values), std::size(values); }
  Batch<S, B> upload(const Values& values) {
    const auto* const data = std::data(values);
    const std::size_t size = std::size(values);
    if (size == 0 || size % S.size() != 0) detail::refuse_upload(S.size(), size);
    auto x = make<S>(static_cast<std::int64_t>(size / S.size()));
    if constexpr (std::is_same_v<decltype(data), const Activation* const>) {
      upload_to(size, data, x.data());
    } else {
      std::vector<Activation> converted(size);
      std::transform(data, data + size, converted.begin(), [](auto v) { return static_cast<Activation>(v); });
      upload_to(size, converted.data(), x.data());
    }
    return x;
  }

  /// Memory for values of another type, labels or sums, contents undefined.
  template <class T>
  constexpr Buffer<B, T> make_values(std::size_t count) {
    return detail::allocate<T>(*activations_, count, poison_);
  }
  template <class T>
  Buffer<B, T> upload_values(std::span<const T> values) {
    auto y = make_values<T>(values.size());
    upload_to(values.size(), values.data(), y.data());
    return y;
  }
  /// The first of them, for the host: waits until it is known.
  template <class T>
  T read(const Buffer<B, T>& values) const {
    T value;
    B::download(1, values.data(), &value);
    return value;
  }

  /// Memory for the time of one operation.
  constexpr Buffer<Memory> scratch(std::size_t count) { return detail::allocate<Scalar>(*scratch_, count, poison_); }
  /// What gives it out, for a backend whose operations are compiled without knowing what a Context is.
  constexpr Arena<Memory>& scratch_memory() { return *scratch_; }

  /// Sizes the arena at once (see training_bytes in backend/plan/cost.hpp) instead of by the first step.
  constexpr void reserve(std::size_t bytes) {
    if (bytes > activations_->reserved_bytes())
      activations_->reserve((bytes - activations_->reserved_bytes() + sizeof(Scalar) - 1) / sizeof(Scalar));
  }
  constexpr std::size_t peak_bytes() const { return activations_->peak_bytes(); }

  /// A stream of random numbers that no other call got.
  constexpr RandomStream next_stream() { return {dropout_.seed, dropout_.id++}; }
  /// Where `next_stream` stands: saved and restored to continue a run exactly.
  constexpr RandomStream stream_position() const { return dropout_; }
  constexpr void set_stream_position(RandomStream s) { dropout_ = s; }

  /// For tests: fills all memory that is handed out from now on with NaN.
  constexpr void poison(bool on) { poison_ = on; }
  constexpr bool poisoned() const { return poison_; }

 private:
  template <class T>
  void upload_to(std::size_t count, const T* host, T* y) {
    if constexpr (requires { B::upload(*this, count, host, y); })
      B::upload(*this, count, host, y);
    else
      B::upload(count, host, y);
  }
  static constexpr int checked(int threads) {
    if (threads < 0 || threads > max_context_threads) detail::refuse_threads(threads);
    const int all = B::max_threads();
    return threads > 0 ? threads : all < max_context_threads ? all : max_context_threads;
  }

  int threads_;  // first: its check may throw, and the arenas have no other owner
  RandomStream dropout_;
  Arena<B>* activations_ = new Arena<B>;
  Arena<Memory>* scratch_ = new Arena<Memory>;
  bool poison_ = false;
};

}  // namespace resnet

#ifdef RESNET_BODIES

#include <resnet/core/error.hpp>

#include <string>

namespace resnet {

namespace detail {

RESNET_ONCE void refuse_threads(int found) {
  throw Error("context: expected 0 (all) to " + std::to_string(max_context_threads) + " threads, found " +
              std::to_string(found));
}
RESNET_ONCE void refuse_upload(std::size_t image_size, std::size_t found) {
  throw Error("upload: expected whole images of " + std::to_string(image_size) + " values, found " +
              std::to_string(found) + " values");
}

}  // namespace detail

}  // namespace resnet

#endif  // RESNET_BODIES
