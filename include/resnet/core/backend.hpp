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
concept Backend = requires(Context<B>& ctx, typename B::Scalar* out, const typename B::Scalar* in, int* labels,
                           std::size_t count, int n, double number) {
  // Memory. `upload` and `download` copy from and to the host.
  { B::allocate(count) } -> std::same_as<typename B::Scalar*>;
  B::deallocate(out);
  B::copy(count, in, out);
  B::fill(count, typename B::Scalar{}, out);
  B::upload(count, in, out);
  B::download(count, in, out);
  { B::max_threads() } -> std::same_as<int>;

  // rows, classes, labels (host), value of the label's class, of the others, target (rows, classes).
  B::one_hot(ctx, n, n, labels, number, number, out);
  // rows, classes, logits, target, probabilities; returns the sum over rows of -Σ target·log softmax.
  { B::softmax_cross_entropy_forward(ctx, n, n, in, in, out) } -> std::same_as<double>;
  // rows, classes, probabilities, target, dlogits: the gradient of the mean over rows.
  B::softmax_cross_entropy_backward(ctx, n, n, in, in, out);
  // rows, classes, logits, labels (host): the first largest of each row.
  B::argmax(ctx, n, n, in, labels);
  { B::sum_of_squares(ctx, count, in) } -> std::same_as<double>;
};

}  // namespace resnet
