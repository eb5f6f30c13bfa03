// SPDX-License-Identifier: MIT
// A training pass of a whole network, and ten steps, against what PyTorch got.
#pragma once

#include <resnet/loss/cross_entropy.hpp>
#include <resnet/optim/optimizer.hpp>

#include <algorithm>

#include "tests/golden/golden.hpp"

namespace golden {

template <Shape S, class B>
Batch<S, B> formula_images(Context<B>& ctx, int index, std::size_t n) {
  return batch<S>(ctx, unit("input." + std::to_string(index), n * S.size()));
}

/// A tensor against the whole of it, or against its norm and a sample of its elements.
inline void check_tensor(const File& file, const std::string& prefix, std::string_view name, const Values& found,
                         double tolerance, Worst& worst) {
  const std::string of(name);
  if (file.holds(prefix + of)) {
    worst.check(prefix + of, relative_error(found, file.values(prefix + of)), tolerance);
    return;
  }
  const std::string norm_of = prefix + "norm/" + of, sample_of = prefix + "sample/" + of;
  worst.check(norm_of, relative_error({norm(found)}, file.values(norm_of)), tolerance);
  worst.check(sample_of, relative_error(sample(of, found), file.values(sample_of)), tolerance);
}

/// Logits, loss, every gradient by name, the running statistics, and the logits that these give.
template <Shape S, class B, class Model>
void check_pass(const File& file) {
  Context<B> ctx;
  Model model;
  set_by_formula(model);
  typename Model::template Saved<S> saved;
  const auto labels = file.integers("labels");
  const auto images = formula_images<S>(ctx, file.integers("input").at(0), labels.size());
  const auto logits = model.forward(ctx, images, saved);
  auto loss = softmax_cross_entropy(ctx, logits, one_hot<10>(ctx, labels));
  Model grad;
  zero(grad);
  const auto dimages = model.backward(ctx, std::move(loss.dlogits), saved, grad);

  Worst output, gradient, state;
  output.check("logits", relative_error(values_of(logits), file.values("logits")), output_tolerance<B>);
  output.check("loss", relative_error({ctx.read(loss.value)}, file.values("loss")), output_tolerance<B>);
  check_tensor(file, "grad/", "input", values_of(dimages), gradient_tolerance<B>, gradient);
  for_each_parameter(
      [&](std::string_view name, Role, const auto& value) {
        const std::string zero = "zero_grad/" + std::string(name);  // beside the weight's gradient, whose norm this is
        if (file.holds(zero))
          gradient.check(zero, norm(values_of(value)) / file.values(zero).at(0), gradient_tolerance<B>);
        else
          check_tensor(file, "grad/", name, values_of(value), gradient_tolerance<B>, gradient);
      },
      grad);
  for_each_state(
      [&](std::string_view name, Role role, const auto& value) {
        if constexpr (!requires { value.dims(); })
          CHECK(value == file.values<std::int64_t>("state/" + std::string(name)).at(0));
        else if (role == Role::buffer)
          check_tensor(file, "state/", name, values_of(value), output_tolerance<B>, state);
      },
      model);
  const Values evaluated = values_of(model.infer(ctx, images));
  output.check("logits_eval", relative_error(evaluated, file.values("logits_eval")), output_tolerance<B>);
  for (const Worst* worst : {&output, &gradient, &state}) MESSAGE("worst: ", worst->name, " ", worst->error);
}

/// The names of the state_dict in PyTorch's order, and a pass.
template <Shape S, class B, class Model>
void check_architecture(const File& file) {
  std::string names;
  const Model model{};
  for_each_state([&](std::string_view name, Role, const auto&) { (names += names.empty() ? "" : ",") += name; }, model);
  CHECK(names == file.metadata().at("names"));
  check_pass<S, B, Model>(file);
}

/// The losses of ten steps of SGD with momentum, and the weights and running statistics after them.
template <Shape S, class B, class Model>
void check_steps(const File& file) {
  Context<B> ctx;
  Flat<Model> model, grad;
  set_by_formula(*model);
  Optimizer<Model> optimizer(Sgd{.momentum = 0.9}, {.weight = 5e-4});
  typename Model::template Saved<S> saved;
  const std::size_t n = file.values("labels").size();
  const auto inputs = file.integers("steps/inputs");
  const Values losses = file.values("steps/losses");
  REQUIRE(losses.size() == 10);
  double difference = 0;
  for (std::size_t step = 0; step < losses.size(); ++step) {
    const auto target = one_hot<10>(ctx, labels("labels.step" + std::to_string(step), n, 10));
    const auto logits = model->forward(ctx, formula_images<S>(ctx, inputs.at(step), n), saved);
    auto loss = softmax_cross_entropy(ctx, logits, target);
    zero(ctx, grad);
    model->backward_parameters(ctx, std::move(loss.dlogits), saved, *grad);
    optimizer.step(ctx, 0.01, model, grad);
    const double error = std::abs(ctx.read(loss.value) - losses[step]);
    CHECK(error <= loss_tolerance<B>);
    difference = std::max(difference, error);
  }

  Worst state;
  for_each_state(
      [&](std::string_view name, Role, const auto& value) {
        if constexpr (requires { value.dims(); })
          check_tensor(file, "steps/", name, values_of(value), loss_tolerance<B>, state);
      },
      *model);
  MESSAGE("worst of ten losses: ", difference, "; worst of the final state: ", state.name, " ", state.error);
}

}  // namespace golden
