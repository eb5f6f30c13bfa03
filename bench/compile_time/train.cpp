// SPDX-License-Identifier: MIT
// A small program that trains ResNet-18: what measure.py compiles.
#include <resnet/resnet18.hpp>
#include <resnet/train.hpp>

#include <cstdio>
#include <memory>

using namespace resnet;

int main() {
  constexpr Shape image{3, 32, 32};
  constexpr int n = 8;
  using Net = ResNet18<10>;

  Context<Cpu> ctx;
  Flat<Net> model, grad;
  auto saved = std::make_unique<SavedOf<Net, image>>();
  initialize(ctx, *model);
  Optimizer<Net> optimizer(Sgd{.momentum = 0.9}, {.weight = 5e-4});

  const std::vector<float> images(n * image.size(), 0.5f);
  const std::vector<int> labels(n, 3);
  for (int step = 0; step < 10; ++step) {
    const auto logits = model->forward(ctx, ctx.upload<image>(std::span<const float>(images)), *saved);
    auto loss = softmax_cross_entropy(ctx, logits, one_hot<10>(ctx, labels));
    std::printf("step %d: loss %g\n", step, ctx.read(loss.value));
    zero(ctx, grad);
    model->backward_parameters(ctx, std::move(loss.dlogits), *saved, *grad);
    optimizer.step(ctx, 0.1, model, grad);
  }
  save_weights("model.safetensors", *model);
}
