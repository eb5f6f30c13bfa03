// SPDX-License-Identifier: MIT
// Layers one after the other that have names: a network, or a part of one, derives from it and lists its members once.
//
//   template <class B>
//   struct Net : Chain<Net<B>> {
//     Conv2d<3, 8, 3, 1, B> conv;
//     Linear<8, 10, B> fc;
//     using Backend = B;
//     template <class Other> using on = Net<Other>;
//     static constexpr auto parts() { return std::tuple(part("conv", &Net::conv), part("fc", &Net::fc)); }
//   };
//
// (Sequential's layers are named by their numbers; a Stage is many equal blocks.)
#pragma once

#include <resnet/core/layer.hpp>

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace resnet {

template <class Net, class Layer>
struct NamedPart {
  std::string_view name;
  Layer Net::*member;
};

/// A member of a Chain, by the name that it has in files.
template <class Net, class Layer>
constexpr NamedPart<Net, Layer> part(std::string_view name, Layer Net::*member) {
  return {name, member};
}

namespace detail {

template <class Net>
inline constexpr std::size_t part_count = std::tuple_size_v<decltype(Net::parts())>;
template <class Net, std::size_t I>
inline constexpr auto part_at = std::get<I>(Net::parts());
template <class Net, std::size_t I>
using PartType = std::remove_cvref_t<decltype(std::declval<Net&>().*part_at<Net, I>.member)>;

/// What layers I, I + 1, … save, the first of them for an input of shape S.
template <class Net, Shape S, std::size_t I>
struct PartsSaved {
  SavedOf<PartType<Net, I>, S> here;
  PartsSaved<Net, out_of<PartType<Net, I>>(S), I + 1> rest;
};
template <class Net, Shape S, std::size_t I>
requires(I == part_count<Net>) struct PartsSaved<Net, S, I> {
};

}  // namespace detail

template <class Net>
struct Chain {
  static constexpr bool passes_on = true;

  static constexpr Shape out(Shape s) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { ((s = out_of<detail::PartType<Net, I>>(s)), ...); }
    (std::make_index_sequence<detail::part_count<Net>>());
    return s;
  }

  template <Shape S>
  struct Saved {
    detail::PartsSaved<Net, S, 0> layers;
  };

  template <Shape S, class B>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    return forward_from<0>(ctx, static_cast<Net&>(*this), std::move(x), saved.layers);
  }
  template <Shape S, class B>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    return infer_from<0>(ctx, static_cast<const Net&>(*this), std::move(x));
  }
  /// The gradient of the input; adds those of the parameters to `grad`.
  template <Shape S, Shape Out, class B>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<Out, B> dy, Saved<S>& saved, Net& grad) const {
    auto dfirst = backward_from<1>(ctx, static_cast<const Net&>(*this), std::move(dy), saved.layers.rest, grad);
    return resnet::backward(ctx, at<0>(static_cast<const Net&>(*this)), std::move(dfirst), saved.layers.here,
                            at<0>(grad));
  }
  /// The same without the input's gradient, which training doesn't need.
  template <Shape S, Shape Out, class B>
  constexpr void backward_parameters(Context<B>& ctx, Batch<Out, B> dy, Saved<S>& saved, Net& grad) const {
    auto dfirst = backward_from<1>(ctx, static_cast<const Net&>(*this), std::move(dy), saved.layers.rest, grad);
    resnet::backward_parameters(ctx, at<0>(static_cast<const Net&>(*this)), std::move(dfirst), saved.layers.here,
                                at<0>(grad));
  }

  /// Part I of a network, on any backend, or what it has saved.
  template <std::size_t I, class Node>
  static constexpr auto& at(Node& node) {
    using Type = std::remove_cvref_t<Node>;
    if constexpr (requires { Type::parts(); })
      return node.*detail::part_at<Type, I>.member;
    else
      return saved_at<I>(node.layers);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (visit_part<I>(f, self...), ...); }
    (std::make_index_sequence<detail::part_count<Net>>());
  }

 private:
  template <std::size_t I>
  static constexpr void visit_part(auto& f, auto&... self) {
    f(detail::part_at<Net, I>.name, at<I>(self)...);
  }
  template <std::size_t I>
  static constexpr auto& saved_at(auto& saved) {
    if constexpr (I == 0)
      return saved.here;
    else
      return saved_at<I - 1>(saved.rest);
  }
  template <std::size_t I>
  static constexpr auto forward_from(auto& ctx, Net& net, auto x, auto& saved) {
    if constexpr (I == detail::part_count<Net>)
      return x;
    else
      return forward_from<I + 1>(ctx, net, at<I>(net).forward(ctx, std::move(x), saved.here), saved.rest);
  }
  template <std::size_t I>
  static constexpr auto infer_from(auto& ctx, const Net& net, auto x) {
    if constexpr (I == detail::part_count<Net>)
      return x;
    else
      return infer_from<I + 1>(ctx, net, at<I>(net).infer(ctx, std::move(x)));
  }
  /// Through all layers from the last to I: the gradient of what layer I got.
  template <std::size_t I>
  static constexpr auto backward_from(auto& ctx, const Net& net, auto dy, auto& saved, Net& grad) {
    if constexpr (I == detail::part_count<Net>)
      return dy;
    else
      return resnet::backward(ctx, at<I>(net), backward_from<I + 1>(ctx, net, std::move(dy), saved.rest, grad),
                              saved.here, at<I>(grad));
  }
};

}  // namespace resnet
