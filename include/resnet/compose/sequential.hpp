// SPDX-License-Identifier: MIT
// Layers one after the other, named "0", "1", … as in torch.nn.Sequential.
#pragma once

#include <resnet/core/layer.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace resnet {

/// Layers or what they save, like a std::tuple, which would be several types and functions for each of them.
template <class... Layers>
struct LayerList {};
template <class First, class... Rest>
struct LayerList<First, Rest...> {
  First first;
  [[no_unique_address]] LayerList<Rest...> rest;
};

/// As std::get; `const auto& [conv, norm] = sequential.layers;` works too.
template <std::size_t I, class List>
constexpr auto& get(List& list) requires requires {
  list.rest;
}
{
  if constexpr (I == 0)
    return list.first;
  else
    return get<I - 1>(list.rest);
}

namespace detail {

/// The Saved values of layers one after the other, each for the output shape of the one before.
template <Shape S, class... Layers>
struct ChainSaved {
  using type = LayerList<>;
};
template <Shape S, class First, class... Rest>
struct ChainSaved<S, First, Rest...> {
  template <class... Saved>
  static LayerList<SavedOf<First, S>, Saved...> before(LayerList<Saved...>);
  using type = decltype(before(typename ChainSaved<out_of<First>(S), Rest...>::type()));
};

}  // namespace detail

template <class... Layers>
struct Sequential {
  static constexpr std::size_t layer_count = sizeof...(Layers);
  static constexpr bool passes_on = true;
  using Complete = std::bool_constant<(is_complete<Layers>() && ...)>;

  LayerList<Layers...> layers;

  using Backend = typename decltype(LayerList<Layers...>::first)::Backend;
  template <class Other>
  using on = Sequential<OnBackend<Layers, Other>...>;

  static constexpr Shape out(Shape s) {
    ((s = out_of<Layers>(s)), ...);
    return s;
  }

  template <Shape S>
  struct Saved {
    typename detail::ChainSaved<S, Layers...>::type layers;
  };

  template <Shape S, class B>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    return forward_through(ctx, layers, std::move(x), saved.layers);
  }
  template <Shape S, class B>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    return infer_through(ctx, layers, std::move(x));
  }
  template <class B, Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, Sequential& grad) const {
    return backward_through(ctx, layers, std::move(dy), saved.layers, grad.layers);
  }
  template <class B, Shape S>
  constexpr void backward_parameters(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, Sequential& grad) const {
    auto dfirst = backward_through(ctx, layers.rest, std::move(dy), saved.layers.rest, grad.layers.rest);
    resnet::backward_parameters(ctx, layers.first, std::move(dfirst), saved.layers.first, grad.layers.first);
  }

  static constexpr void visit(auto&& f, auto&... self) { visit_from(0, f, self...); }
  /// With names that count from `number` on: for a part of what is one chain to PyTorch.
  static constexpr void visit_from(std::size_t number, auto&& f, auto&... self) {
    visit_through(number, f, self.layers...);
  }

 private:
  template <class List>
  static constexpr bool is_empty = std::is_same_v<std::remove_const_t<List>, LayerList<>>;

  template <class List>
  static constexpr auto forward_through(auto& ctx, List& list, auto x, auto& saved) {
    if constexpr (is_empty<List>)
      return x;
    else
      return forward_through(ctx, list.rest, list.first.forward(ctx, std::move(x), saved.first), saved.rest);
  }
  template <class List>
  static constexpr auto infer_through(auto& ctx, const List& list, auto x) {
    if constexpr (is_empty<List>)
      return x;
    else
      return infer_through(ctx, list.rest, list.first.infer(ctx, std::move(x)));
  }
  template <class List>
  static constexpr auto backward_through(auto& ctx, const List& list, auto dy, auto& saved, auto& grad) {
    if constexpr (is_empty<List>) {
      return dy;
    } else {
      auto dfirst = backward_through(ctx, list.rest, std::move(dy), saved.rest, grad.rest);
      return resnet::backward(ctx, list.first, std::move(dfirst), saved.first, grad.first);
    }
  }
  template <class List, class... Lists>
  static constexpr void visit_through(std::size_t number, auto& f, List& list, Lists&... others) {
    if constexpr (!is_empty<List>) {
      f(IndexName(number), list.first, others.first...);
      visit_through(number + 1, f, list.rest, others.rest...);
    }
  }
};

}  // namespace resnet

template <class... Layers>
struct std::tuple_size<resnet::LayerList<Layers...>> : std::integral_constant<std::size_t, sizeof...(Layers)> {};
template <std::size_t I, class First, class... Rest>
struct std::tuple_element<I, resnet::LayerList<First, Rest...>>
    : std::tuple_element<I - 1, resnet::LayerList<Rest...>> {};
template <class First, class... Rest>
struct std::tuple_element<0, resnet::LayerList<First, Rest...>> {
  using type = First;
};
