// SPDX-License-Identifier: MIT
// Any operation on any backend: op::Add<Values, Values> has its operands on the host.
//   Values a = …, b = …, y = unwritten(a.size());
//   check_operation<B>(op::Add<Values, Values>{.count = a.size(), .a = &a, .b = &b, .y = &y}, units);
// Two operands that are the same Values are the same memory: the operation works in place.
#pragma once

#include <map>
#include <string_view>

#include "tests/support/backends.hpp"

namespace test {

/// What the operation leaves in the operands that it writes, one after the other.
template <class B, template <class, class> class Op>
Values run_on(resnet::Context<B>& ctx, const Op<Values, Values>& host) {
  std::map<const Values*, Operand<B>> memory;
  Op<typename B::Activation, typename B::Scalar> operation{};
  const auto place = [&](std::string_view, auto& to, const auto& from) {
    if constexpr (!requires { from.written; })
      to = from;  // a number
    else if (from)
      to = memory.try_emplace(from.data, *from.data).first->second.data();
  };
  host.visit(place, operation, host);
  resnet::run<Op>(ctx, operation);
  Values results;
  const auto collect = [&](std::string_view, const auto& from) {
    if constexpr (requires { from.written; })
      if (from.written && from) results = join(std::move(results), memory.at(from.data).values());
  };
  host.visit(collect, host);
  return results;
}
template <class B, template <class, class> class Op>
Values run_on(const Op<Values, Values>& host) {
  resnet::Context<B> ctx;
  return run_on(ctx, host);
}

/// As check_operation of tests/support/backends.hpp.
template <class B, template <class, class> class Op>
void check_operation(const Op<Values, Values>& host, const Values& units) {
  check_operation<B>([&](auto& ctx) { return run_on(ctx, host); }, units);
}
template <class B, template <class, class> class Op>
void check_operation_exactly(const Op<Values, Values>& host) {
  check_operation_exactly<B>([&](auto& ctx) { return run_on(ctx, host); });
}
/// Allows `eps_factor` times the epsilon of each result.
template <class B, template <class, class> class Op>
void check_operation_relative(const Op<Values, Values>& host, double eps_factor) {
  Values units = absolute(run_on<resnet::Ref<double>>(host));
  for (double& u : units) u *= eps_factor;
  check_operation<B>(host, units);
}

}  // namespace test
