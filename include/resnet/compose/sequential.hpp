// SPDX-License-Identifier: MIT
// Layers one after the other, named "0", "1", … as in torch.nn.Sequential.
#pragma once

#include <resnet/core/layer.hpp>

#include <tuple>
#include <utility>

namespace resnet {

namespace detail {

/// The Saved values of a chain of layers, each for the output shape of the one before.
template <Shape S, class... Layers>
struct ChainSaved {
  using type = std::tuple<>;
};
template <Shape S, class First, class... Rest>
struct ChainSaved<S, First, Rest...> {
  static constexpr Shape mid = out_of<First>(S);
  using type = decltype(std::tuple_cat(std::declval<std::tuple<SavedOf<First, S>>>(),
                                       std::declval<typename ChainSaved<mid, Rest...>::type>()));
};

}  // namespace detail

template <class... Layers>
struct Sequential {
  static constexpr std::size_t layer_count = sizeof...(Layers);
  using Complete = std::bool_constant<(is_complete<Layers>() && ...)>;

  std::tuple<Layers...> layers;

  using Backend = typename std::tuple_element_t<0, std::tuple<Layers...>>::Backend;
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
    return forward_from<0>(ctx, std::move(x), saved);
  }
  template <Shape S, class B>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    return infer_from<0>(ctx, std::move(x));
  }
  template <class B, Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, Sequential& grad) const {
    return backward_from<sizeof...(Layers), 0>(ctx, std::move(dy), saved, grad);
  }
  template <class B, Shape S>
  constexpr void backward_parameters(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, Sequential& grad) const {
    auto dfirst = backward_from<sizeof...(Layers), 1>(ctx, std::move(dy), saved, grad);
    resnet::backward_parameters(ctx, std::get<0>(layers), std::move(dfirst), std::get<0>(saved.layers),
                                std::get<0>(grad.layers));
  }

  static constexpr void visit(auto&& f, auto&... self) { visit_from(0, f, self...); }
  /// With names that count from `number` on: for a part of what is one chain to PyTorch.
  static constexpr void visit_from(std::size_t number, auto&& f, auto&... self) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (visit_one<I>(number, f, self...), ...); }
    (std::index_sequence_for<Layers...>{});
  }

 private:
  template <std::size_t I>
  constexpr auto forward_from(auto& ctx, auto x, auto& saved) {
    if constexpr (I == sizeof...(Layers))
      return x;
    else
      return forward_from<I + 1>(ctx, std::get<I>(layers).forward(ctx, std::move(x), std::get<I>(saved.layers)), saved);
  }
  template <std::size_t I>
  constexpr auto infer_from(auto& ctx, auto x) const {
    if constexpr (I == sizeof...(Layers))
      return x;
    else
      return infer_from<I + 1>(ctx, std::get<I>(layers).infer(ctx, std::move(x)));
  }
  template <std::size_t I, std::size_t End>  // layers I - 1, …, End
  constexpr auto backward_from(auto& ctx, auto dy, auto& saved, auto& grad) const {
    if constexpr (I == End)
      return dy;
    else
      return backward_from<I - 1, End>(ctx,
                                       resnet::backward(ctx, std::get<I - 1>(layers), std::move(dy),
                                                        std::get<I - 1>(saved.layers), std::get<I - 1>(grad.layers)),
                                       saved, grad);
  }
  template <std::size_t I>
  static constexpr void visit_one(std::size_t number, auto& f, auto&... self) {
    f(IndexName(number + I), std::get<I>(self.layers)...);
  }
};

}  // namespace resnet
