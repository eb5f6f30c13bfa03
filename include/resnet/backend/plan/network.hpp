// SPDX-License-Identifier: MIT
// Whether a whole network fits images of a shape, found out by planning it at compile time before anything else of it is
// instantiated. What does not fit is said in one sentence, with the layer, where the network is used:
//   if constexpr (fits<Net, Shape{3, 32, 32}>) …
#pragma once

#include <resnet/backend/plan/plan.hpp>
#include <resnet/core/layer.hpp>
#include <resnet/core/require.hpp>

#include <type_traits>

namespace resnet {

namespace detail {

template <class Model, Shape S>
constexpr Misfit first_misfit() {
  using Planned = typename Model::template on<Plan>;
  Planned model{};
  SavedOf<Planned, S> saved{};
  Context<Plan> ctx;
  model.forward(ctx, ctx.template make<S>(2), saved);  // of one image BatchNorm2d may not be able to learn
  return ctx.misfit;
}

/// None where it is no constant expression: what does not fit is then said where the layers are used.
template <class Model, Shape S>
constexpr Misfit known_misfit() {
  if constexpr (requires { typename std::bool_constant<first_misfit<Model, S>().kind == Misfit::none>; })
    return first_misfit<Model, S>();
  else
    return {};
}

template <Shape Output>
constexpr bool check_head() {
  static_assert(
      Output.h == 1 && Output.w == 1,
      "the network puts out a map, 'Output' (c, h, w), where a classifier has one value for each class: it needs "
      "a pooling and a Linear as its head");
  return Output.h == 1 && Output.w == 1;
}

template <class Model, Shape S, bool Classifier>
constexpr bool check_network() {
  if constexpr (!is_complete<Model>()) {
    return false;
  } else if constexpr (constexpr Misfit found = known_misfit<Model, S>(); found.kind != Misfit::none) {
    refuse<found.kind, found.layer, found.got, found.expected>();
    return false;
  } else if constexpr (Classifier) {
    return check_head<Model::out(S)>();
  } else {
    return true;
  }
}

/// A network that only infers has been checked by whatever made it.
template <class Model, Shape S, bool Classifier>
constexpr bool check_inference() {
  if constexpr (InfersOnly<Model>)
    return true;
  else
    return check_network<Model, S, Classifier>();
}

}  // namespace detail

/// Whether the network is a layer for images of shape S. What does not fit is a compile error.
template <class Model, Shape S>
inline constexpr bool fits = detail::check_network<Model, S, false>();

/// The same, and whether it ends in one value for each class.
template <class Model, Shape S>
inline constexpr bool is_classifier = detail::check_network<Model, S, true>();

/// Both for one that is only to infer: also a frozen network, which is no layer.
template <class Model, Shape S>
inline constexpr bool can_infer = detail::check_inference<Model, S, false>();
template <class Model, Shape S>
inline constexpr bool can_classify = detail::check_inference<Model, S, true>();

}  // namespace resnet
