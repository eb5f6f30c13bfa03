// SPDX-License-Identifier: MIT
// Questions about a model's cost, answered at compile time: static_assert(parameter_count<ResNet18<10>> ==
// 11'173'962). Memory is that of activations and parameters; an operation's scratch comes on top: on Cpu
// about four times the weights of the largest convolution (38 MB for ResNet-18).
#pragma once

#include <resnet/backend/plan/network.hpp>
#include <resnet/core/layer.hpp>

#include <cstdint>

namespace resnet {

namespace detail {

struct ParameterCounter {
  std::size_t scalars = 0, tensors = 0, state_entries = 0;

  constexpr void operator()(std::string_view, Role role, auto& value) {
    ++state_entries;
    if constexpr (is_tensor<std::remove_cvref_t<decltype(value)>>)
      if (role != Role::buffer) ++tensors, scalars += value.size();
  }
  constexpr void operator()(std::string_view, auto& node) { visit_parts(*this, node); }
};

template <class Model>
constexpr ParameterCounter count_parameters() {
  typename Model::template on<Plan> model{};
  ParameterCounter counter;
  model.visit(counter, model);
  return counter;
}

}  // namespace detail

/// Trainable scalars.
template <class Model>
inline constexpr std::size_t parameter_count = detail::count_parameters<Model>().scalars;
/// Trainable tensors.
template <class Model>
inline constexpr std::size_t tensor_count = detail::count_parameters<Model>().tensors;
/// Entries of the state_dict: trainable tensors and buffers.
template <class Model>
inline constexpr std::size_t state_count = detail::count_parameters<Model>().state_entries;

/// Multiply-accumulates of one image's forward pass.
template <class Model, Shape S>
constexpr long long forward_macs() {
  if (!fits<Model, S>) return 0;
  const typename Model::template on<Plan> model{};
  Context<Plan> ctx;
  model.infer(ctx, Batch<S, Plan>(nullptr, 1));
  return ctx.macs;
}

/// Bytes of activations and their gradients in a training step of n images, from the images to the loss and
/// back: what Context::reserve takes.
template <class Model, Shape S>
constexpr std::size_t training_activation_bytes(int n) {
  if (!fits<Model, S>) return 0;
  using Planned = typename Model::template on<Plan>;
  Planned model{}, grad{};
  SavedOf<Planned, S> saved{};
  Context<Plan> ctx;
  const auto logits = model.forward(ctx, ctx.template make<S>(n), saved);
  constexpr Shape out = logits.shape;
  Batch<out, Plan> dlogits;
  Buffer<Plan, double> loss;
  {  // as in one_hot, whose labels go at once, and softmax_cross_entropy
    const auto target = ctx.template make_scalars<out>(n);
    ctx.template make_values<int>(static_cast<std::size_t>(n));
    const auto probabilities = ctx.template make_scalars<out>(n);
    dlogits = ctx.template make<out>(n);
    loss = ctx.template make_values<double>(1);
  }
  backward_parameters(ctx, model, std::move(dlogits), saved, grad);
  return ctx.peak_bytes();
}

/// Bytes of activations in an inference of n images.
template <class Model, Shape S>
constexpr std::size_t inference_activation_bytes(int n) {
  if (!fits<Model, S>) return 0;
  const typename Model::template on<Plan> model{};
  Context<Plan> ctx;
  model.infer(ctx, ctx.template make<S>(n));
  return ctx.peak_bytes();
}

/// All bytes for training in float: activations, parameters, their gradient, and `states` tensors of the
/// optimizer for each parameter (1 for SGD with momentum, 2 for Adam).
template <class Model, Shape S>
constexpr std::size_t training_bytes(int n, int states = 1) {
  return training_activation_bytes<Model, S>(n) +
         parameter_count<Model> * sizeof(float) * (2 + static_cast<std::size_t>(states));
}

/// All bytes for inference in float: activations and parameters.
template <class Model, Shape S>
constexpr std::size_t inference_bytes(int n) {
  return inference_activation_bytes<Model, S>(n) + parameter_count<Model> * sizeof(float);
}

}  // namespace resnet
