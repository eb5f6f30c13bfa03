// SPDX-License-Identifier: MIT
// What a backend is: memory, and the operations (op/) that layers, losses, optimizers and initialisation are made of.
// A backend is a type with static members only; Ref (backend/ref) is the specification of each.
//
// It runs an operation by a function `static void run(auto& ctx, const op::Add<float, float>&)`; what it has no function
// for is composed of others where the operation says how, and an error where it is used. Results don't depend on
// ctx.threads(). All pointers point to the backend's memory unless they are called host memory.
//
// Nothing that a training step does makes the host wait for a result: what it sums up stays in the backend's memory
// (core/tally.hpp) until somebody asks. A backend whose operations are done when `run` returns is asked in the same step;
// one that only begins them says `static constexpr bool deferred = true`.
#pragma once

#include <resnet/core/context.hpp>

#include <concepts>

namespace resnet {

/// Whether operations may still be under way when `run` returns.
template <class B>
inline constexpr bool is_deferred = requires {
  requires B::deferred;
};

template <class B>
concept Backend = requires(Context<B>& ctx, typename B::Scalar* out, const typename B::Scalar* in,
                           typename B::Activation* activations, std::size_t count) {
  // Memory, counted in scalars: activations are not larger. B::Memory is what allocates it, B itself or a part of it.
  // `upload` and `download` copy from and to the host; these and the two before them take any trivial type. They wait for
  // all that was begun: a step uses op::Fill and op::Copy, and upload(ctx, count, host, y) where the backend has it, which
  // is done with the host's memory when it returns.
  typename Arena<typename B::Memory>;
  { B::allocate(count) } -> std::same_as<typename B::Scalar*>;
  B::deallocate(out);
  B::copy(count, in, out);
  B::fill(count, typename B::Scalar{}, out);
  B::fill(count, typename B::Activation{}, activations);
  B::upload(count, in, out);
  B::download(count, in, out);
  { B::max_threads() } -> std::same_as<int>;
};

}  // namespace resnet
