// SPDX-License-Identifier: MIT
// What a backend is: memory, and the operations (op/) that layers, losses, optimizers and initialisation are made of.
// A backend is a type with static members only; Ref (backend/ref) is the specification of each.
//
// It runs an operation by a function `static void run(auto& ctx, const op::Add<float, float>&)`; what it has no function
// for is composed of others where the operation says how, and an error where it is used. Results don't depend on
// ctx.threads(). All pointers point to the backend's memory unless they are called host memory.
#pragma once

#include <resnet/core/context.hpp>

#include <concepts>

namespace resnet {

template <class B>
concept Backend = requires(Context<B>& ctx, typename B::Scalar* out, const typename B::Scalar* in,
                           typename B::Activation* activations, std::size_t count) {
  // Memory, counted in scalars: activations are not larger. B::Memory is what allocates it, B itself or a part of it.
  // `upload` and `download` copy from and to the host; these and the two before them take both element types.
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
