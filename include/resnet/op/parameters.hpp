// SPDX-License-Identifier: MIT
// Operations on each of `count` elements of parameters, their gradients and averages. Those with a `guard` do nothing if it
// is there and has diverged.
#pragma once

#include <resnet/core/random.hpp>
#include <resnet/core/tally.hpp>
#include <resnet/op/operand.hpp>
#include <resnet/op/run.hpp>

#include <cstddef>

namespace resnet::op {

/// One step of torch.optim.SGD (dampening 0): g = gradient + weight_decay·w; v = momentum·v + g; step along v, or along
/// g + momentum·v (Nesterov).
template <class A, class P>
struct SgdStep {
  std::size_t count;
  double lr, momentum, weight_decay;
  bool nesterov;
  In<P> gradient;
  InOut<P> velocity, weight;
  In<Tally> guard = {};

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("lr", op.lr...), f("momentum", op.momentum...), f("weight_decay", op.weight_decay...);
    f("nesterov", op.nesterov...), f("gradient", op.gradient...), f("velocity", op.velocity...);
    f("weight", op.weight...), f("guard", op.guard...);
  }
};

/// One step of torch.optim.Adam, or of AdamW with `decoupled` (Kingma & Ba 2014, algorithm 1); `step` counts from 1.
template <class A, class P>
struct AdamStep {
  std::size_t count;
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;
  long long step;
  In<P> gradient;
  InOut<P> mean, square, weight;
  In<Tally> guard = {};

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("lr", op.lr...), f("beta1", op.beta1...), f("beta2", op.beta2...);
    f("eps", op.eps...), f("weight_decay", op.weight_decay...), f("decoupled", op.decoupled...);
    f("step", op.step...), f("gradient", op.gradient...), f("mean", op.mean...), f("square", op.square...);
    f("weight", op.weight...), f("guard", op.guard...);
  }
};

/// One step of torch.optim.RMSprop (not centered).
template <class A, class P>
struct RmsPropStep {
  std::size_t count;
  double lr, alpha, eps, weight_decay, momentum;
  In<P> gradient;
  InOut<P> square, velocity, weight;
  In<Tally> guard = {};

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("lr", op.lr...), f("alpha", op.alpha...), f("eps", op.eps...);
    f("weight_decay", op.weight_decay...), f("momentum", op.momentum...), f("gradient", op.gradient...);
    f("square", op.square...), f("velocity", op.velocity...), f("weight", op.weight...), f("guard", op.guard...);
  }
};

/// y limited to [low, high]; NaN stays NaN.
template <class A, class P>
struct Clamp {
  std::size_t count;
  double low, high;
  InOut<P> y;

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("low", op.low...), f("high", op.high...), f("y", op.y...);
  }
};

/// y += t·(x - y)
template <class A, class P>
struct Lerp {
  std::size_t count;
  double t;
  In<P> x;
  InOut<P> y;
  In<Tally> guard = {};

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("t", op.t...), f("x", op.x...), f("y", op.y...), f("guard", op.guard...);
  }
};

/// y = value
template <class A, class P>
struct Fill {
  std::size_t count;
  double value;
  Out<P> y;

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("value", op.value...), f("y", op.y...);
  }
};

/// y = x
template <class A, class P>
struct Copy {
  std::size_t count;
  In<P> x;
  Out<P> y;
  In<Tally> guard = {};

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("x", op.x...), f("y", op.y...), f("guard", op.guard...);
  }
};

/// sum = Σ x²
template <class A, class P>
struct SumOfSquares {
  std::size_t count;
  In<P> x;
  Out<double> sum;  // (1)

  static constexpr void visit(auto&& f, auto&... op) { f("count", op.count...), f("x", op.x...), f("sum", op.sum...); }
};

/// y = max_norm / (√squares + 1e-6) · y, if that makes it smaller.
template <class A, class P>
struct LimitNorm {
  std::size_t count;
  double max_norm;
  In<double> squares;  // (1)
  InOut<P> y;

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("max_norm", op.max_norm...), f("squares", op.squares...), f("y", op.y...);
  }
};

/// y[i] = std · the number first + i of the stream, of mean 0 and standard deviation 1.
template <class A, class P>
struct FillNormal {
  std::size_t count, first = 0;
  RandomStream stream;
  double std;
  Out<P> y;

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("first", op.first...), f("stream", op.stream...), f("std", op.std...), f("y", op.y...);
  }
};

/// The same with numbers from low to high.
template <class A, class P>
struct FillUniform {
  std::size_t count, first = 0;
  RandomStream stream;
  double low, high;
  Out<P> y;

  static constexpr void visit(auto&& f, auto&... op) {
    f("count", op.count...), f("first", op.first...), f("stream", op.stream...), f("low", op.low...);
    f("high", op.high...), f("y", op.y...);
  }
};

}  // namespace resnet::op
