// SPDX-License-Identifier: MIT
// The contract of a layer. A layer is a plain struct whose members are its parameters or its sub-layers:
// no base class, no cache inside, no training flag. It has:
//
//   static constexpr Shape out(Shape in);              the output's shape
//   template <Shape S> struct Saved;                   what backward needs from forward, for input shape S
//   auto forward (Context<B>&, Batch<S, B> x, Saved<S>&);                  training; fills Saved
//   auto infer   (Context<B>&, Batch<S, B> x) const;                       evaluation; changes nothing
//   auto backward(Context<B>&, Batch<out(S), B> dy, Saved<S>&, L& grad) const;   returns dx
//   static constexpr void visit(auto&& f, auto&... self);                  names the members (core/visit.hpp)
//   using Backend = B;
//   template <class Other> using on = …;               the same layer on another backend
//
// 1. `backward` returns dx and adds the gradients of the parameters to `grad`, a value of the layer's type.
// 2. `backward` takes what it needs out of `Saved` (take, core/batch.hpp), so that memory comes back as it goes along.
//    One forward, one backward.
// 3. An argument may be overwritten if its handle is unique(), that is if nobody else can see it. Callers
//    pass std::move(x) or a temporary to say that they don't need x any more.
// 4. Whoever uses an activation twice (a block with a shortcut) adds the gradients of both uses.
// 5. `forward` may update running statistics. `infer` is const and thread-safe with a Context per thread. Its results
//    don't depend on the number of threads, but an image's last bits may depend on the size of its batch, because
//    convolutions choose their algorithm by it; those of a frozen network (freeze.hpp) don't.
// 6. All memory comes from the Context: once a step has run, the next one allocates nothing on the heap.
// 7. `visit` names the members in forward's order; names are torchvision's, so that state_dicts can be exchanged.
// 8. Values are read and written through the backend's operations: on a device, and on Plan (B::dry), data()
//    is no address that the host may follow.
// 9. Functions are constexpr where their parts are: the Plan backend then answers questions about cost at
//    compile time (backend/plan/cost.hpp).
// 10. Where nothing in or below a layer is trained, its tensors in `grad` are released(): `backward` then drops what was
//    saved and returns an empty batch, which passes through the layers below as dy.
// 11. A layer with parameters says how they begin: void initialize(auto& init) (init/initialize.hpp).
#pragma once

#include <resnet/core/backend.hpp>
#include <resnet/core/complete.hpp>
#include <resnet/core/visit.hpp>

#include <memory>
#include <utility>

namespace resnet {

namespace detail {

template <class L, Shape S>
struct SavedFor {
  struct type {};  // is_complete says what is wrong
};
template <class L, Shape S>
requires requires { typename L::template Saved<S>; }
struct SavedFor<L, S> {
  using type = typename L::template Saved<S>;
};

}  // namespace detail

template <class L, Shape S>
using SavedOf = typename detail::SavedFor<L, S>::type;

template <class L, Shape S, class B>
concept Layer = requires(L layer, const L fixed, L& grad, Context<B>& ctx, Batch<S, B> x, SavedOf<L, S>& saved,
                         Batch<L::out(S), B> dy) {
  { L::out(S) } -> std::same_as<Shape>;
  { layer.forward(ctx, x, saved) } -> std::same_as<Batch<L::out(S), B>>;
  { fixed.infer(ctx, x) } -> std::same_as<Batch<L::out(S), B>>;
  { fixed.backward(ctx, dy, saved, grad) } -> std::same_as<Batch<S, B>>;
};

/// A layer's backward pass in a chain of any layers: where dy is empty (10) also those need not know of it. (Layers one
/// after the other, which say `passes_on`, ask each of theirs.)
template <class B, class L, Shape S>
constexpr auto backward(Context<B>& ctx, const L& layer, Batch<S, B> dy, auto& saved, L& grad) {
  using Dx = decltype(layer.backward(ctx, std::move(dy), saved, grad));
  if constexpr (!requires { L::passes_on; })
    if (dy.n() == 0) {
      std::destroy_at(&saved);  // (an assignment would be compiled for each type)
      std::construct_at(&saved);
      return Dx();
    }
  return layer.backward(ctx, std::move(dy), saved, grad);
}

/// A model's backward pass without the gradient of its input, which training doesn't need: the model's own
/// backward_parameters if it has one, or a layer's backward_weight.
template <class B, class L, Shape S>
constexpr void backward_parameters(Context<B>& ctx, const L& model, Batch<S, B> dy, auto& saved, L& grad) {
  if constexpr (requires { model.backward_parameters(ctx, dy, saved, grad); })
    model.backward_parameters(ctx, std::move(dy), saved, grad);
  else if constexpr (requires { model.backward_weight(ctx, dy, saved, grad); })
    model.backward_weight(ctx, dy, saved, grad);
  else
    resnet::backward(ctx, model, std::move(dy), saved, grad);
}

}  // namespace resnet
