// SPDX-License-Identifier: MIT
// Small training runs on Cpu: two models, images to train them on, and all that belongs to a run.
#pragma once

#include <doctest/doctest.h>

#include <resnet/backend/ref/ref.hpp>
#include <resnet/layers/dropout.hpp>
#include <resnet/resnet18.hpp>
#include <resnet/train.hpp>

#include <string>
#include <vector>

namespace test {

using namespace resnet;

inline constexpr Shape image{3, 16, 16};  // six of them are three strips of the convolution's product
using Net = NarrowResNet18<2, 3>;
/// With random numbers in the training step, and a first layer that has no backward without dx.
using DropoutNet =
    Sequential<BatchNorm2d<3>, Conv2d<3, 4, 3>, BatchNorm2d<4>, ReLU<>, Dropout<>, GlobalAvgPool2d<>, Linear<4, 3>>;

template <class Model>
concept HasBackwardParameters = requires(const Model model, Context<Cpu>& ctx, Batch<Model::out(image), Cpu> dy,
                                         SavedOf<Model, image>& saved, Model& grad) {
  model.backward_parameters(ctx, dy, saved, grad);
};
static_assert(HasBackwardParameters<Net> && !HasBackwardParameters<BatchNorm2d<3>>);

/// Noise in which channel k of images of class k is brighter.
inline Dataset coloured(int n) {
  Dataset data{image, {"red", "green", "blue"}, {}, {}};
  for (int i = 0; i < n; ++i) {
    data.labels.push_back(i % 3);
    Random random{{12, static_cast<std::uint64_t>(i)}};
    for (std::size_t k = 0; k < image.size(); ++k)
      data.images.push_back(static_cast<std::uint8_t>(random.below(200) + (static_cast<int>(k) % 3 == i % 3 ? 55 : 0)));
  }
  return data;
}

/// Noise with labels that have nothing to do with it.
inline Dataset noise(int n) {
  Dataset data = coloured(3 * n);
  for (int i = 0; i < 3 * n; i += 3) data.labels[static_cast<std::size_t>(i)] = i / 3 % 3;
  std::vector<int> reds;
  for (int i = 0; i < n; ++i) reds.push_back(3 * i);
  return data.subset(reds);
}

/// 22 images in batches of six: the fourth batch of an epoch has four.
struct Run {
  static constexpr int batch = 6, batches = 4;
  static constexpr std::int64_t steps = 3 * batches;
};

template <class Model>
struct TrainingRun : Run {
  Context<Cpu> ctx;
  DataLoader loader;
  Trainer<Model, image> trainer;

  explicit TrainingRun(const Dataset& data, int threads = 1, Rule rule = Sgd{.momentum = 0.9},
                       TrainerOptions options = {.label_smoothing = 0.1, .clip_norm = 5}, Mix mix = {})
      : ctx(threads, 5),
        loader(data, {.batch_size = batch, .shuffle = true, .seed = 6, .augment = {2, true}, .mix = mix}),
        trainer(ctx, Optimizer<Model>(rule, {.weight = 5e-4}), Schedule{CosineLr{}, 0.05, steps, 2},
                std::move(options)) {
    initialize(ctx, trainer.model, {.seed = 7});
  }

  void train_until(std::int64_t end) {
    while (trainer.steps() < end)
      for (const HostBatch& b : trainer.rest_of_epoch(loader)) {
        trainer.step(b);
        if (trainer.steps() == end) break;
      }
  }
};

}  // namespace test
