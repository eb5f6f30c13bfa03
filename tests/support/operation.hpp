// SPDX-License-Identifier: MIT
// Any operation on any backend: op::Add<Values, Values> has its operands on the host.
//   Values a = …, b = …, y = unwritten(a.size());
//   check_operation<B>(op::Add<Values, Values>{.count = a.size(), .a = &a, .b = &b, .y = &y}, units);
// Two operands that are the same Values are the same memory: the operation works in place. What is no element of a
// backend's memory, labels and sums, the test points to itself.
#pragma once

#include <map>
#include <memory>
#include <string_view>

#include "tests/support/backends.hpp"

namespace test {

namespace detail {

template <class Role>
concept OnHost = std::is_same_v<std::remove_cvref_t<decltype(*Role::data)>, Values>;

}  // namespace detail

/// What the operation leaves in the operands that it writes, one after the other. `prepare(ctx)` comes first.
template <class B, template <class, class> class Op>
Values run_on(resnet::Context<B>& ctx, const Op<Values, Values>& host, auto&& prepare) {
  std::map<const Values*, std::shared_ptr<void>> memory;
  const auto operand = [&]<class T>(const T*, const Values* values) {
    std::shared_ptr<void>& slot = memory[values];
    if (!slot) slot = std::make_shared<Operand<B, T>>(*values);
    return std::static_pointer_cast<Operand<B, T>>(slot);
  };
  Op<typename B::Activation, typename B::Scalar> operation{};
  const auto place = [&]<class Role>(std::string_view, auto& to, const Role& from) {
    if constexpr (!requires { from.data; })
      to = from;  // a number
    else if constexpr (!detail::OnHost<Role>)
      to.data = from.data;
    else if (from)
      to.data = operand(to.data, from.data)->data();
  };
  host.visit(place, operation, host);
  prepare(ctx);
  resnet::run<Op>(ctx, operation);
  Values results;
  const auto collect = [&]<class Role>(std::string_view, auto& to, const Role& from) {
    if constexpr (requires { from.data; })
      if constexpr (Role::written && detail::OnHost<Role>)
        if (from) results = join(std::move(results), operand(to.data, from.data)->values());
  };
  host.visit(collect, operation, host);
  return results;
}
template <class B, template <class, class> class Op>
Values run_on(resnet::Context<B>& ctx, const Op<Values, Values>& host) {
  return run_on(ctx, host, [](auto&) {});
}
template <class B, template <class, class> class Op>
Values run_on(const Op<Values, Values>& host) {
  resnet::Context<B> ctx;
  return run_on(ctx, host);
}

/// Of each result, the epsilon that it is rounded with once more when it is written: that of activations, where they are
/// narrower than scalars.
template <class B, template <class, class> class Op>
Values roundings(const Op<Values, Values>& host) {
  Values all;
  const Op<typename B::Activation, typename B::Scalar> operation{};
  const auto collect = [&]<class Role>(std::string_view, const auto& to, const Role& from) {
    if constexpr (requires { from.data; })
      if constexpr (Role::written && detail::OnHost<Role>) {
        using T = std::remove_cvref_t<decltype(*to.data)>;
        const double eps = std::is_same_v<T, typename B::Scalar> ? 0 : double{std::numeric_limits<T>::epsilon()};
        if (from) all = join(std::move(all), Values(from.data->size(), eps));
      }
  };
  host.visit(collect, operation, host);
  return all;
}

/// Allows `units` times the epsilon of B's scalar, and a rounding to B's activation where it is one.
template <class B, template <class, class> class Op>
void check_operation(const Op<Values, Values>& host, const Values& units, auto&& prepare) {
  check_values<B>([&](auto& ctx) { return run_on(ctx, host, prepare); },
                  [&](const Values& want) {
                    Values bounds = units, narrow = roundings<B>(host);
                    REQUIRE(bounds.size() == want.size());
                    for (std::size_t i = 0; i < want.size(); ++i)
                      bounds[i] = bounds[i] * std::numeric_limits<typename B::Scalar>::epsilon() +
                                  narrow[i] * (bounds[i] > 0) * std::abs(want[i]);
                    return bounds;
                  });
}
template <class B, template <class, class> class Op>
void check_operation(const Op<Values, Values>& host, const Values& units) {
  check_operation<B>(host, units, [](auto&) {});
}
template <class B, template <class, class> class Op>
void check_operation_exactly(const Op<Values, Values>& host) {
  check_operation<B>(host, Values(run_on<resnet::Ref<double>>(host).size(), 0.0));
}
/// Allows `eps_factor` times the epsilon of each result.
template <class B, template <class, class> class Op>
void check_operation_relative(const Op<Values, Values>& host, double eps_factor) {
  Values units = absolute(run_on<resnet::Ref<double>>(host));
  for (double& u : units) u *= eps_factor;
  check_operation<B>(host, units);
}

}  // namespace test
