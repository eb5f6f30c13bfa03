// SPDX-License-Identifier: MIT
// An operation is a value: a struct template over the element types of activations (A) and parameters (P), with its
// operands (op/operand.hpp) and numbers by name.
//   run<op::Add>(ctx, {.count = y.size(), .a = a, .b = b, .y = y});
// A backend runs it by a function `static void run(auto& ctx, const op::Add<A, P>&)`. What it has no function for is made
// of smaller operations, by the operation's own `compose(ctx)`.
#pragma once

namespace resnet {

namespace detail {

template <class Backend, class Operation>
inline constexpr bool missing = false;

}  // namespace detail

/// Ctx is a Context or what stands for one: it names its Backend and the two element types.
template <template <class, class> class Op, class Ctx>
constexpr void run(Ctx& ctx, const Op<typename Ctx::Activation, typename Ctx::Scalar>& operation) {
  using B = typename Ctx::Backend;
  if constexpr (requires { B::run(ctx, operation); })
    B::run(ctx, operation);
  else if constexpr (requires { operation.compose(ctx); })
    operation.compose(ctx);
  else
    static_assert(detail::missing<B, Op<typename Ctx::Activation, typename Ctx::Scalar>>,
                  "the backend has no 'run' for the operation, which is not made of smaller ones (op/run.hpp)");
}

}  // namespace resnet
