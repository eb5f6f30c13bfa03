// SPDX-License-Identifier: MIT
// Checks any layer against the contract of core/layer.hpp on Ref<double>: its backward against central
// differences of Σ y·r for fixed random r, and that it neither writes nor reads what it must not.
#pragma once

#include <doctest/doctest.h>

#include <resnet/backend/ref/ref.hpp>
#include <resnet/core/layer.hpp>

#include <algorithm>
#include <string>

#include "tests/support/values.hpp"

namespace test {

using Double = resnet::Ref<double>;

struct GradientOptions {
  bool infer_is_forward = true;                        // false with BatchNorm2d or Dropout inside
  std::size_t entries = static_cast<std::size_t>(-1);  // to check of each tensor, evenly spread
};

namespace detail {

constexpr double epsilon = 0x1p-16;        // of the differences: rounding gives 1e-11, truncation 1e-10
constexpr double tolerance = 1e-7;         // relative to the largest entry of a gradient
constexpr double already_in_grad = 0.625;  // what backward has to add to
constexpr resnet::RandomStream dropout_stream{7, resnet::for_dropout};

template <class L>
struct Pass {
  Values y, dx;
  L grad;
};

/// Forward and backward on poisoned memory. With `shared`, somebody else holds every argument.
template <resnet::Shape S, class L>
Pass<L> pass(L& layer, resnet::Context<Double>& ctx, const Values& x, const Values& r, bool shared) {
  static constexpr resnet::Shape out = L::out(S);
  ctx.set_stream_position(dropout_stream);
  resnet::SavedOf<L, S> saved;
  Pass<L> result{{}, {}, layer};
  resnet::for_each_parameter(
      [](std::string_view, resnet::Role, auto& t) { Double::fill(t.size(), already_in_grad, t.data()); }, result.grad);
  {
    auto in = batch<S>(ctx, x);
    auto dy = batch<out>(ctx, r);
    const auto kept_x = shared ? in : resnet::Batch<S, Double>{};
    const auto kept_dy = shared ? dy : resnet::Batch<out, Double>{};
    auto y = layer.forward(ctx, std::move(in), saved);
    result.y = values_of(y);
    if (!shared) y = {};
    result.dx = values_of(layer.backward(ctx, std::move(dy), saved, result.grad));
    if (shared) {
      CHECK_MESSAGE(values_of(kept_x) == x, "an input that others hold was overwritten");
      CHECK_MESSAGE(values_of(kept_dy) == r, "a dy that others hold was overwritten");
      CHECK_MESSAGE(values_of(y) == result.y, "backward wrote over an output that others hold");
    }
  }
  const std::size_t peak = ctx.peak_bytes();
  static_cast<void>(ctx.make<resnet::Shape{1}>(static_cast<int>(peak / sizeof(double))));
  CHECK_MESSAGE(ctx.peak_bytes() == peak, "backward left memory in Saved");
  return result;
}

/// The worst of the entries' errors, relative to the largest entry of the gradient.
template <class Loss>
void compare(const std::string& name, const Values& gradient, double* value, std::size_t entries, Loss&& loss) {
  double largest = 0, worst = 0, worst_numeric = 0;
  std::size_t where = 0;
  const std::size_t count = std::min(entries, gradient.size());
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t i = k * gradient.size() / count;
    const double before = value[i];
    value[i] = before + epsilon;
    const double above = loss();
    value[i] = before - epsilon;
    const double numeric = (above - loss()) / (2 * epsilon);
    value[i] = before;
    largest = std::max({largest, std::abs(numeric), std::abs(gradient[i])});
    const double error = std::abs(numeric - gradient[i]);
    if (!(error <= worst)) worst = error, where = i, worst_numeric = numeric;  // also for NaN
  }
  CHECK_MESSAGE(worst <= tolerance * std::max(largest, 0.01), name << "[" << where << "]: backward gives "
                                                                   << gradient[where] << ", differences give "
                                                                   << worst_numeric << ", error " << worst);
}

}  // namespace detail

/// Checks `layer` for the input `x`, (n, h, w, c) values of shape S.
template <resnet::Shape S, class L>
void check_layer(L layer, Values x, GradientOptions options = {}) {
  static_assert(resnet::Layer<L, S, Double>);
  static constexpr resnet::Shape out = L::out(S);
  const std::size_t n = x.size() / S.size();
  const Values r = normal(n * out.size(), 99);

  resnet::Context<Double> ctx(1);
  ctx.reserve(std::size_t{1} << 24);  // one chunk, so that what is free is one piece
  ctx.poison(true);

  const L before = layer;
  const L& fixed = layer;
  const Values inferred = values_of(fixed.infer(ctx, batch<S>(ctx, x)));
  {
    const auto kept = batch<S>(ctx, x);
    CHECK_MESSAGE(values_of(fixed.infer(ctx, kept)) == inferred, "infer depends on who holds the input");
    CHECK_MESSAGE(values_of(kept) == x, "infer wrote over an input that others hold");
  }
  CHECK_MESSAGE(state_of(layer) == state_of(before), "infer changed the layer");

  const auto shared = detail::pass<S>(layer, ctx, x, r, true);
  const auto unique = detail::pass<S>(layer, ctx, x, r, false);
  CHECK(shared.y.size() == r.size());
  CHECK_MESSAGE(unique.y == shared.y, "forward depends on who holds the input");
  CHECK_MESSAGE(unique.dx == shared.dx, "backward depends on who holds the input");
  CHECK(parameters_of(unique.grad) == parameters_of(shared.grad));
  CHECK_MESSAGE(parameters_of(layer) == parameters_of(before), "forward or backward changed a parameter");
  if (options.infer_is_forward) CHECK(inferred == shared.y);

  const auto loss = [&] {
    ctx.set_stream_position(detail::dropout_stream);
    resnet::SavedOf<L, S> saved;
    return dot(values_of(layer.forward(ctx, batch<S>(ctx, x), saved)), r);
  };
  REQUIRE(shared.dx.size() == x.size());
  detail::compare("dx", shared.dx, x.data(), options.entries, loss);
  resnet::for_each_parameter(
      [&](std::string_view name, resnet::Role, const auto& gradient, auto& value) {
        Values found = values_of(gradient);
        for (double& g : found) g -= detail::already_in_grad;
        detail::compare("d" + std::string(name), found, value.data(), options.entries, loss);
      },
      shared.grad, layer);
}

/// The same for a batch of n random images, after randomizing the layer.
template <resnet::Shape S, class L>
void check_random_layer(int n, GradientOptions options = {}, L layer = {}) {
  randomize(layer);
  check_layer<S>(std::move(layer), normal(static_cast<std::size_t>(n) * S.size(), 98), options);
}

}  // namespace test
