// SPDX-License-Identifier: MIT
// Operations on each of `count` elements, all of which may work in place.
#pragma once

#include <resnet/core/random.hpp>
#include <resnet/op/operand.hpp>
#include <resnet/op/run.hpp>

#include <cstddef>
#include <string_view>

namespace resnet::op {

/// y = a + b
template <class A, class P>
struct Add {
  std::size_t count;
  In<A> a, b;
  Out<A> y;

  constexpr std::size_t size() const { return count; }
  static constexpr bool may_overwrite(std::string_view) { return true; }
  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("a", op.a...), f("b", op.b...), f("y", op.y...);
  }
};

/// y = max(x, 0). NaN stays NaN, as in PyTorch: a diverged run must not look healthy.
template <class A, class P>
struct Relu {
  std::size_t count;
  In<A> x;
  Out<A> y;

  constexpr std::size_t size() const { return count; }
  static constexpr bool may_overwrite(std::string_view) { return true; }
  static constexpr void visit(auto&& f, auto&... op) { f("count", op.count...), f("x", op.x...), f("y", op.y...); }
};

/// dx = dy where y > 0, else 0
template <class A, class P>
struct ReluBackward {
  std::size_t count;
  In<A> y, dy;
  Out<A> dx;

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("y", op.y...), f("dy", op.dy...), f("dx", op.dx...);
  }
};

/// y = 1 / (1 + e^-x)
template <class A, class P>
struct Sigmoid {
  std::size_t count;
  In<A> x;
  Out<A> y;

  constexpr std::size_t size() const { return count; }
  static constexpr bool may_overwrite(std::string_view) { return true; }
  static constexpr void visit(auto&& f, auto&... op) { f("count", op.count...), f("x", op.x...), f("y", op.y...); }
};

/// dx = dy·y·(1 - y)
template <class A, class P>
struct SigmoidBackward {
  std::size_t count;
  In<A> y, dy;
  Out<A> dx;

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("y", op.y...), f("dy", op.dy...), f("dx", op.dx...);
  }
};

/// y = x·sigmoid(x)
template <class A, class P>
struct Silu {
  std::size_t count;
  In<A> x;
  Out<A> y;

  constexpr std::size_t size() const { return count; }
  static constexpr bool may_overwrite(std::string_view) { return true; }
  static constexpr void visit(auto&& f, auto&... op) { f("count", op.count...), f("x", op.x...), f("y", op.y...); }
};

/// dx = dy·sigmoid(x)·(1 + x·(1 - sigmoid(x)))
template <class A, class P>
struct SiluBackward {
  std::size_t count;
  In<A> x, dy;
  Out<A> dx;

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("x", op.x...), f("dy", op.dy...), f("dx", op.dx...);
  }
};

/// y = x·Φ(x), Φ the distribution function of the normal distribution (Hendrycks & Gimpel 2016, arXiv 1606.08415)
template <class A, class P>
struct Gelu {
  std::size_t count;
  In<A> x;
  Out<A> y;

  constexpr std::size_t size() const { return count; }
  static constexpr bool may_overwrite(std::string_view) { return true; }
  static constexpr void visit(auto&& f, auto&... op) { f("count", op.count...), f("x", op.x...), f("y", op.y...); }
};

/// dx = dy·(Φ(x) + x·φ(x)), φ = Φ'
template <class A, class P>
struct GeluBackward {
  std::size_t count;
  In<A> x, dy;
  Out<A> dx;

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("x", op.x...), f("dy", op.dy...), f("dx", op.dx...);
  }
};

/// y[i] = x[i]·dropout_factor(p, stream, first + i): its own backward, on dy.
template <class A, class P>
struct Dropout {
  std::size_t count, first = 0;
  double p;
  RandomStream stream;
  In<A> x;
  Out<A> y;

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("first", op.first...), f("p", op.p...), f("stream", op.stream...);
    f("x", op.x...), f("y", op.y...);
  }
};

/// Dropout with one factor for each of n images of `size` elements.
template <class A, class P>
struct DropPath {
  int n;
  std::size_t size;
  double p;
  RandomStream stream;
  In<A> x;
  Out<A> y;

  static constexpr void visit(auto&& f, auto&... op) {
    f("n", op.n...), f("size", op.size...), f("p", op.p...), f("stream", op.stream...), f("x", op.x...),
        f("y", op.y...);
  }
};

}  // namespace resnet::op

namespace resnet {

/// What Dropout multiplies element i with: 0 with probability p, else 1 / (1 - p). One Philox block serves
/// four neighbours.
inline double dropout_factor(double p, RandomStream stream, std::size_t i) {
  const double u = random_words(stream, i / 4)[i % 4] * 0x1p-32;
  return u < p ? 0.0 : 1.0 / (1.0 - p);
}

}  // namespace resnet
