// SPDX-License-Identifier: MIT
// Whether a type has the parts of a layer (core/layer.hpp), and a sentence for each that it lacks. Only names are looked
// up and nothing is instantiated, so that the sentence comes before the errors of whoever uses the missing part.
#pragma once

#include <resnet/core/fwd.hpp>

#include <concepts>
#include <type_traits>

namespace resnet {

namespace detail {

/// Finding a name in both bases is an error, so that L has a member of this name, of whatever kind, exactly where
/// &BesideNames<L>::name is none.
struct Names {
  int forward, infer, backward, visit;
};
template <class L>
struct BesideNames : L, Names {};
template <class L>
using Beside = std::conditional_t<std::is_final_v<L>, void, BesideNames<L>>;

template <class L>
struct Parts {
  static constexpr bool backend = requires { typename L::Backend; };
  static constexpr bool on = requires { typename L::template on<Plan>; };
  static constexpr bool out = requires(Shape in) {
    { L::out(in) } -> std::same_as<Shape>;
  };
  static constexpr bool saved = requires { typename L::template Saved<Shape{1}>; };
  static constexpr bool forward = !requires { &Beside<L>::forward; };
  static constexpr bool infer = !requires { &Beside<L>::infer; };
  static constexpr bool backward = !requires { &Beside<L>::backward; };
  static constexpr bool all = backend && on && out && saved && forward && infer && backward;
};

template <class L>
constexpr void say_missing_parts() {
  using P = Parts<L>;
  static_assert(P::backend, "the layer L has no 'using Backend = B;' (core/layer.hpp lists a layer's parts)");
  static_assert(P::on,
                "the layer L has no 'template <class Other> using on', itself on another backend (core/layer.hpp "
                "lists a layer's parts)");
  static_assert(P::out,
                "the layer L has no 'static constexpr Shape out(Shape in)', its output's shape (core/layer.hpp "
                "lists a layer's parts)");
  static_assert(P::saved,
                "the layer L has no 'template <Shape S> struct Saved', what backward needs from forward "
                "(core/layer.hpp lists a layer's parts)");
  static_assert(P::forward, "the layer L has no 'forward' (core/layer.hpp lists a layer's parts)");
  static_assert(P::infer, "the layer L has no 'infer' (core/layer.hpp lists a layer's parts)");
  static_assert(P::backward, "the layer L has no 'backward' (core/layer.hpp lists a layer's parts)");
}

template <class L>
constexpr void say_missing_visit() {
  static_assert(!std::is_same_v<L, L>,
                "the layer L has no 'visit', which names its parameters (core/layer.hpp lists a layer's parts)");
}

template <class L, class Other>
struct On {
  using type = L;  // is_complete says what is wrong
};
template <class L, class Other>
requires requires { typename L::template on<Other>; }
struct On<L, Other> {
  using type = typename L::template on<Other>;
};

}  // namespace detail

/// The same layer on another backend.
template <class L, class Other>
using OnBackend = typename detail::On<L, Other>::type;

/// The shape that the layer makes of `in`.
template <class L>
constexpr Shape out_of(Shape in) {
  if constexpr (detail::Parts<L>::out)
    return L::out(in);
  else
    return in;  // is_complete says what is wrong
}

/// A network that nobody trains, and that is no layer: a frozen one.
template <class L>
concept InfersOnly = requires {
  &detail::Beside<L>::forward;
  &detail::Beside<L>::backward;
};

/// Whether L names its parts; a compile error where not.
template <class L>
constexpr bool has_visit() {
  constexpr bool has = !requires { &detail::Beside<L>::visit; };
  if constexpr (!has) detail::say_missing_visit<L>();
  return has;
}

/// Whether L has all parts of a layer; a compile error for each that it lacks. A layer made of others has a type
/// `Complete`, which tells whether they lack nothing.
template <class L>
constexpr bool is_complete() {
  if constexpr (!detail::Parts<L>::all) detail::say_missing_parts<L>();
  return has_visit<L>() && detail::Parts<L>::all && !requires { requires !L::Complete::value; };
}

}  // namespace resnet
