// SPDX-License-Identifier: MIT
#include <resnet/backend/plan/cost.hpp>
#include <resnet/layers/dropout.hpp>
#include <resnet/loss/cross_entropy.hpp>
#include <resnet/resnet18.hpp>

#include <doctest/doctest.h>

#include "tests/support/values.hpp"

using namespace resnet;

namespace {

using Cifar = ResNet18<10>;
using ImageNet = ResNet18ImageNet<1000>;
constexpr Shape cifar{3, 32, 32}, imagenet{3, 224, 224};

/// Bytes of activations that the step of training_activation_bytes really takes.
template <class Model, Shape S>
std::size_t measured_training(int n) {
  using B = typename Model::Backend;
  static constexpr Shape out = Model::out(S);
  Model model, grad;
  SavedOf<Model, S> saved;
  Context<B> ctx(2);
  ctx.reserve(training_activation_bytes<Model, S>(n));
  for (int step = 0; step < 2; ++step) {
    const auto logits =
        model.forward(ctx, test::batch<S>(ctx, test::normal(static_cast<std::size_t>(n) * S.size(), 1)), saved);
    const std::vector<int> labels(static_cast<std::size_t>(n));
    auto loss = softmax_cross_entropy(ctx, logits, one_hot<out.c>(ctx, labels));
    backward_parameters(ctx, model, std::move(loss.dlogits), saved, grad);
  }
  return ctx.peak_bytes();
}
template <class Model, Shape S>
std::size_t measured_inference(int n) {
  const Model model;
  Context<typename Model::Backend> ctx(2);
  ctx.reserve(inference_activation_bytes<Model, S>(n));
  for (int call = 0; call < 2; ++call) model.infer(ctx, ctx.template make<S>(n));
  return ctx.peak_bytes();
}

template <class Model, Shape S>
void check_bytes(int n) {
  CAPTURE(n);
  CHECK(measured_training<Model, S>(n) == training_activation_bytes<Model, S>(n));
  CHECK(measured_inference<Model, S>(n) == inference_activation_bytes<Model, S>(n));
}

}  // namespace

// These compile or they don't.
static_assert(parameter_count<Cifar> == 11'173'962);
static_assert(tensor_count<Cifar> == 62);
static_assert(state_count<Cifar> == 122);
static_assert(forward_macs<Cifar, cifar>() == 555'422'720);
static_assert(parameter_count<ImageNet> == 11'689'512);
static_assert(tensor_count<ImageNet> == 62);
static_assert(state_count<ImageNet> == 122);
static_assert(forward_macs<ImageNet, imagenet>() == 1'814'073'344);  // 1.8 · 10⁹ in the paper's table 1
static_assert(forward_macs<Linear<512, 10>, Shape{512}>() == 5120);
static_assert(parameter_count<Dropout<>> == 0);
static_assert(inference_activation_bytes<Cifar, cifar>(1) < training_activation_bytes<Cifar, cifar>(1));

TEST_CASE("cost: planned bytes are what a step takes, for any batch size") {
  check_bytes<NarrowResNet18<8>, Shape{3, 16, 16}>(1);
  check_bytes<NarrowResNet18<8>, Shape{3, 16, 16}>(3);
  check_bytes<NarrowResNet18<8>, Shape{3, 16, 16}>(16);
  check_bytes<Cifar, cifar>(2);
}

TEST_CASE("cost: the totals add parameters, their gradient and the optimizer's states") {
  constexpr std::size_t parameters = 4 * 11'173'962;
  CHECK(training_bytes<Cifar, cifar>(128) == training_activation_bytes<Cifar, cifar>(128) + 3 * parameters);
  CHECK(training_bytes<Cifar, cifar>(128, 2) == training_activation_bytes<Cifar, cifar>(128) + 4 * parameters);
  CHECK(inference_bytes<Cifar, cifar>(128) == inference_activation_bytes<Cifar, cifar>(128) + parameters);
}
