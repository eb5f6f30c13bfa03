// SPDX-License-Identifier: MIT
// The backends under test: each operation of each of them is compared with Ref<double>.
#pragma once

#include <doctest/doctest.h>

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/backend/ref/ref.hpp>

#include <concepts>
#include <limits>
#include <tuple>
#include <type_traits>

#include "tests/support/values.hpp"

namespace test {

/// A new backend is added here.
using Backends = std::tuple<resnet::Ref<float>, resnet::Ref<float, resnet::bf16>, resnet::Cpu>;

template <class B>
inline constexpr bool is_mixed = !std::is_same_v<typename B::Activation, typename B::Scalar>;

/// Its specification: in double, with activations that are rounded where B rounds them.
template <class B>
using Exact = resnet::Ref<double, std::conditional_t<is_mixed<B>, typename B::Activation, double>>;

/// Runs `op`, a function of a Context that returns Values, on B with 1, 2, 3 and 7 threads and poisoned memory. All must
/// give the same bits, and differ from what Exact<B> gives by at most `allowed(want)`, element by element.
template <class B>
void check_values(auto&& op, auto&& allowed) {
  resnet::Context<Exact<B>> exact;
  const Values want = op(exact), bounds = allowed(want);
  REQUIRE(want.size() == bounds.size());
  Values found;
  for (const int threads : {1, 2, 3, 7}) {
    resnet::Context<B> ctx(threads);
    ctx.poison(true);
    const Values now = op(ctx);
    if (threads == 1) found = now;
    CHECK_MESSAGE(now == found, threads << " threads give other bits than 1");
  }
  REQUIRE(found.size() == want.size());
  double worst = 0;
  std::size_t where = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double error = std::abs(found[i] - want[i]);
    const double ratio = error == 0 ? 0 : error / bounds[i];
    if (!(ratio <= worst)) worst = ratio, where = i;  // also for NaN
  }
  CHECK_MESSAGE(worst <= 1, "element " << where << " of " << want.size() << " is " << found[where] << ", expected "
                                       << want[where] << ": " << worst << " times the allowed error");
}

/// Allows `units` times the epsilon of B's scalar; 0 asks for equality.
template <class B, class Op>
requires std::invocable < Op&, resnet::Context<B>
& > void check_operation(Op&& op, const Values& units) {
  check_values<B>(op, [&](const Values&) {
    Values bounds = units;
    for (double& bound : bounds) bound *= std::numeric_limits<typename B::Scalar>::epsilon();
    return bounds;
  });
}

}  // namespace test
