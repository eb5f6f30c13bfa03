// SPDX-License-Identifier: MIT
// What every architecture has to do besides agreeing with PyTorch: learn, be saved and loaded, be frozen.
#pragma once

#include <doctest/doctest.h>

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/freeze.hpp>
#include <resnet/init/initialize.hpp>
#include <resnet/io/state_dict.hpp>
#include <resnet/loss/cross_entropy.hpp>
#include <resnet/optim/optimizer.hpp>

#include <memory>

#include "tests/io/scratch.hpp"
#include "tests/support/values.hpp"

namespace test {

/// Some steps of SGD with momentum on eight random images halve the loss; a copy through a file has the same state;
/// the frozen network gives the same logits but for rounding.
template <class Net, resnet::Shape S>
void check_model(double lr, int steps = 10) {
  using namespace resnet;
  static constexpr int classes = Net::out(S).c;
  Context<Cpu> ctx;
  Flat<Net> model, grad, loaded;
  auto saved = std::make_unique<SavedOf<Net, S>>();
  initialize(ctx, *model);
  Optimizer<Net> optimizer(Sgd{.momentum = 0.9}, {.weight = 5e-4});
  const auto images = batch<S>(ctx, normal(8 * S.size(), 1));
  std::vector<int> labels(8);
  for (int i = 0; i < 8; ++i) labels[static_cast<std::size_t>(i)] = i % classes;
  double first = 0, last = 0;
  for (int step = 0; step < steps; ++step) {
    const auto logits = model->forward(ctx, images, *saved);
    auto loss = softmax_cross_entropy(ctx, logits, one_hot<classes>(ctx, labels));
    (step == 0 ? first : last) = ctx.read(loss.value);
    zero(ctx, grad);
    backward_parameters(ctx, *model, std::move(loss.dlogits), *saved, *grad);
    optimizer.step(ctx, lr, model, grad);
  }
  CHECK_MESSAGE(last < first / 2, "the loss went from " << first << " to " << last);

  const Scratch scratch;
  save_weights(scratch.file("weights.safetensors"), *model);
  load_weights(scratch.file("weights.safetensors"), *loaded);
  CHECK(state_of(*loaded) == state_of(*model));

  const Values logits = values_of(loaded->infer(ctx, images));
  const Values frozen = values_of(freeze<S>(*loaded).infer(ctx, images));
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    difference = std::max(difference, std::abs(frozen[i] - logits[i]));
    largest = std::max(largest, std::abs(logits[i]));
  }
  CHECK_MESSAGE(difference < 1e-4 * largest, "the frozen network differs by " << difference << " of " << largest);
}

}  // namespace test
