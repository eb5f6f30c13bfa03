// SPDX-License-Identifier: MIT
// The backends under test: each operation of each of them is compared with Ref<double>.
#pragma once

#include <doctest/doctest.h>

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/backend/ref/ref.hpp>

#include <concepts>
#include <limits>
#include <tuple>

#include "tests/support/values.hpp"

namespace test {

/// A new backend is added here.
using Backends = std::tuple<resnet::Ref<float>, resnet::Cpu>;

/// Runs `op`, a lambda []<class B>(Context<B>&) -> Values, on B with 1, 2, 3 and 7 threads and poisoned
/// memory. All must give the same bits, and differ from Ref<double> by at most `units` times B's epsilon,
/// element by element; 0 asks for equality.
template <class B, class Op>
requires std::invocable < Op&, resnet::Context<B>
& > void check_operation(Op&& op, const Values& units) {
  resnet::Context<resnet::Ref<double>> exact;
  const Values want = op(exact);
  REQUIRE(want.size() == units.size());
  Values found;
  for (const int threads : {1, 2, 3, 7}) {
    resnet::Context<B> ctx(threads);
    ctx.poison(true);
    const Values now = op(ctx);
    if (threads == 1) found = now;
    CHECK_MESSAGE(now == found, threads << " threads give other bits than 1");
  }
  REQUIRE(found.size() == want.size());
  constexpr double eps = std::numeric_limits<typename B::Scalar>::epsilon();
  double worst = 0;
  std::size_t where = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double error = std::abs(found[i] - want[i]), bound = eps * units[i];
    const double ratio = error == 0 ? 0 : error / bound;
    if (!(ratio <= worst)) worst = ratio, where = i;  // also for NaN
  }
  CHECK_MESSAGE(worst <= 1, "element " << where << " of " << want.size() << " is " << found[where] << ", expected "
                                       << want[where] << ": " << worst << " times the allowed error");
}
template <class B, class Op>
requires std::invocable < Op&, resnet::Context<B>
& > void check_operation_exactly(Op&& op) {
  resnet::Context<resnet::Ref<double>> exact;
  check_operation<B>(op, Values(op(exact).size(), 0.0));
}

}  // namespace test
