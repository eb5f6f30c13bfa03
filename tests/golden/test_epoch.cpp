// SPDX-License-Identifier: MIT
// Two epochs through DataLoader and Trainer, everything that they do between gradients included: batches, the
// partial one at the end, accumulation across the epoch's end, schedule, optimizer, running statistics,
// moving average.
#include <resnet/backend/ref/ref.hpp>
#include <resnet/resnet18.hpp>
#include <resnet/train.hpp>

#include "tests/golden/golden.hpp"

using namespace golden;

namespace {

constexpr Shape image{3, 8, 8};
constexpr int epochs = 2, batch_size = 8;

/// What make_epoch.py trained with.
Dataset images_of(const File& file) {
  Dataset data{image, std::vector<std::string>(10, "class"), {}, file.integers("labels")};
  for (const double byte : swapped(file.values("images"), image.c, image.h * image.w))
    data.images.push_back(static_cast<std::uint8_t>(byte));
  return data;
}

template <class Model>
Values norms_of(const Model& model) {
  Values norms;
  for_each_state(
      [&](std::string_view, Role, const auto& value) {
        if constexpr (requires { value.dims(); }) norms.push_back(norm(values_of(value)));
      },
      model);
  return norms;
}

/// In double every step agrees. In float a ReLU that rounding switches is amplified from step to step, in
/// PyTorch as well (make_epoch.py prints by how much): the first ten losses agree, and the mean of all.
template <class B>
void check_epochs(const std::string& name, const Rule& rule, const Schedule& schedule, const TrainerOptions& options) {
  using Net = NarrowResNet18<4, 10, B>;
  const File file("epoch.safetensors");
  const Values losses = file.values(name + "/losses");
  const auto hits = file.integers(name + "/hits");
  const Dataset data = images_of(file);
  DataLoader loader(data, {.batch_size = batch_size, .normalize = cifar10_normalize()});
  Context<B> ctx;
  Trainer<Net, image> trainer(ctx, Optimizer<Net>(rule, {.weight = 5e-4}), schedule, options);
  set_by_formula(trainer.model);

  Worst loss;
  double sum = 0, expected_sum = 0;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    Metrics before;
    for (const HostBatch& batch : trainer.rest_of_epoch(loader)) {
      const auto step = static_cast<std::size_t>(trainer.steps());
      trainer.step(batch);
      const Metrics now = trainer.epoch_so_far();
      const double found = (now.loss_sum - before.loss_sum) / batch.n;
      if (is_double<B> || step < 10)
        loss.check(name + ": loss of step " + std::to_string(step), std::abs(found / losses.at(step) - 1),
                   is_double<B> ? 1e-6 : 1e-3);
      if (is_double<B>) CHECK(now.correct - before.correct == hits.at(step));
      sum += found;
      expected_sum += losses[step];
      before = now;
    }
  }
  REQUIRE(static_cast<std::size_t>(trainer.steps()) == losses.size());
  CHECK(sum == doctest::Approx(expected_sum).epsilon(is_double<B> ? 1e-6 : 0.05));
  MESSAGE("worst: ", loss.name, " ", loss.error);
  if (!is_double<B>) return;
  const double state = relative_error(norms_of(trainer.model), file.values(name + "/norms")),
               average = relative_error(norms_of(trainer.averaged()), file.values(name + "/averaged_norms"));
  CHECK(state < 1e-6);
  CHECK(average < 1e-6);
  MESSAGE("norms of the final state: ", state, ", of its average: ", average);
}

}  // namespace

TEST_CASE_TEMPLATE("two epochs of SGD with Nesterov momentum and accumulated gradients agree with PyTorch", B,
                   Ref<double>, Cpu) {
  check_epochs<B>("sgd", Sgd{.momentum = 0.9, .nesterov = true}, Schedule{OneCycleLr{}, 0.005, 82},
                  {.label_smoothing = 0.1, .accumulate = 2, .ema_decay = 0.9});
}

TEST_CASE_TEMPLATE("two epochs of Adam agree with PyTorch", B, Ref<double>, Cpu) {
  check_epochs<B>("adam", Adam{}, Schedule{CosineLr{}, 0.002, 82}, {.ema_decay = 0.9});
}
