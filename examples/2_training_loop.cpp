// SPDX-License-Identifier: MIT
// A training loop by hand: what the Trainer of 3_train does, without checkpoints.
#include <resnet/resnet18.hpp>
#include <resnet/train.hpp>

#include "support/program.hpp"

using namespace resnet;

using Net = NarrowResNet18<16>;  // a quarter of ResNet-18's channels: learns in seconds
constexpr Shape image{3, 32, 32};

int train(int images, int epochs) {
  const auto [train_set, test_set] = make_synthetic(images, 500, 1);
  const Normalize normalize = compute_normalize(train_set);
  DataLoader loader(train_set, {.batch_size = 50, .shuffle = true, .normalize = normalize});
  DataLoader test_loader(test_set, {.batch_size = 50, .normalize = normalize});

  Context<Cpu> ctx;
  Flat<Net> net, grad;  // a gradient is another value of the network's type
  initialize(ctx, *net);
  Optimizer<Net> optimizer(Sgd{.momentum = 0.9, .nesterov = true}, {.weight = 5e-4});
  const std::int64_t steps = std::int64_t{epochs} * loader.batches();
  const Schedule schedule{CosineLr{}, 0.1, steps, steps / 10};
  SavedOf<Net, image> saved;

  for (int epoch = 0; epoch < epochs; ++epoch) {
    Metrics metrics;
    std::vector<int> predictions;
    for (const HostBatch& batch : loader.epoch(epoch)) {
      const auto logits = net->forward(ctx, ctx.upload<image>(batch.images), saved);
      auto loss = softmax_cross_entropy(ctx, logits, one_hot<10>(ctx, batch.labels));
      predict(ctx, logits, predictions);
      metrics.add(ctx.read(loss.value), batch.labels, predictions);

      zero(ctx, grad);
      net->backward_parameters(ctx, std::move(loss.dlogits), saved, *grad);
      optimizer.step(ctx, schedule(optimizer.steps()), net, grad);
    }
    const Metrics test = evaluate<image>(ctx, *net, test_loader).metrics;
    fmt::print("epoch {}: loss {:.3f}, accuracy {:.1f} %; held-out images: loss {:.3f}, accuracy {:.1f} %\n", epoch + 1,
               metrics.loss(), 100 * metrics.accuracy(), test.loss(), 100 * test.accuracy());
  }
  return 0;
}

int main(int argc, char** argv) {
  int images = 4000, epochs = 5;
  CLI::App app("Trains a narrow ResNet-18 on synthetic images.");
  app.option_defaults()->always_capture_default();
  add_option(app, "--images", images, "training images", CLI::PositiveNumber);
  add_option(app, "--epochs", epochs, "", CLI::PositiveNumber);
  return run_program(app, argc, argv, [&] { return train(images, epochs); });
}
