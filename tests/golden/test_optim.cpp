// SPDX-License-Identifier: MIT
#include "tests/golden/golden.hpp"

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/backend/ref/ref.hpp>
#include <resnet/optim/optimizer.hpp>
#include <resnet/optim/schedule.hpp>

#include <map>

using namespace golden;

namespace {

template <class B>
struct Vector {
  using Backend = B;
  Tensor<B, 7> weight;
  static void visit(auto&& f, auto&... self) { f("weight", Role::weight, self.weight...); }
};

struct Settings {
  Rule rule;
  double lr;
  double decay = 0;
};

// The metadata of optim.safetensors.
const std::map<std::string, Settings> optimizers = {
    {"sgd", {Sgd{}, 0.1}},
    {"sgd_decay", {Sgd{}, 0.1, 0.05}},
    {"sgd_momentum", {Sgd{.momentum = 0.9}, 0.1}},
    {"sgd_momentum_decay", {Sgd{.momentum = 0.9}, 0.1, 0.05}},
    {"sgd_nesterov", {Sgd{.momentum = 0.9, .nesterov = true}, 0.1}},
    {"sgd_nesterov_decay", {Sgd{.momentum = 0.9, .nesterov = true}, 0.1, 0.05}},
    {"adam", {Adam{}, 0.01}},
    {"adam_decay", {Adam{.beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6}, 0.01, 0.05}},
    {"adamw", {AdamW{}, 0.01, 0.01}},
    {"adamw_decay", {AdamW{.beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6}, 0.01, 0.05}},
    {"rmsprop", {RmsProp{}, 0.01}},
    {"rmsprop_decay", {RmsProp{.alpha = 0.9, .eps = 1e-6}, 0.01, 0.05}},
    {"rmsprop_momentum", {RmsProp{.momentum = 0.9}, 0.01}},
    {"rmsprop_momentum_decay", {RmsProp{.momentum = 0.9}, 0.01, 0.05}},
};

const std::map<std::string, Schedule> schedules = {
    {"step", {StepLr{7, 0.5}, 0.1, 50}},
    {"step_fifth", {StepLr{15, 0.2}, 0.1, 50}},
    {"multi_step", {MultiStepLr{{10, 25, 40}, 0.1}, 0.1, 50}},
    {"cosine", {CosineLr{}, 0.1, 50}},
    {"cosine_min", {CosineLr{0.001}, 0.1, 50}},
    {"cosine_restarts", {CosineRestartsLr{12, 1, 0.001}, 0.1, 50}},
    {"cosine_restarts_longer", {CosineRestartsLr{5, 2}, 0.1, 50}},
    {"one_cycle", {OneCycleLr{}, 0.1, 50}},
    {"warmup_cosine", {CosineLr{}, 0.1, 50, 5}},
    {"warmup_step", {StepLr{15, 0.2}, 0.1, 50, 5}},
};

}  // namespace

TEST_CASE_TEMPLATE("every optimizer's five steps agree with PyTorch", B, Ref<double>, Ref<float>, Cpu) {
  const File file("optim.safetensors");
  Worst worst;
  for (const auto& [name, settings] : optimizers) {
    Context<B> ctx;
    Flat<Vector<B>> parameter, gradient;
    set<B>(parameter->weight, unit("parameter", 7));
    Optimizer<Vector<B>> optimizer(settings.rule, {.weight = settings.decay});
    Values trajectory;
    for (int step = 0; step < 5; ++step) {
      set<B>(gradient->weight, unit("gradient.step" + std::to_string(step), 7));
      optimizer.step(ctx, settings.lr, parameter, gradient);
      const Values now = values_of(parameter->weight);
      trajectory.insert(trajectory.end(), now.begin(), now.end());
    }
    worst.check(name, relative_error(trajectory, file.values(name)), output_tolerance<B>);
  }
  CHECK(optimizers.size() == file.tensors().size());
  MESSAGE("worst: ", worst.name, " ", worst.error);
}

TEST_CASE("every learning-rate schedule's fifty steps agree with PyTorch") {
  const File file("schedule.safetensors");
  Worst worst;
  for (const auto& [name, schedule] : schedules) {
    Values rates;
    for (int step = 0; step < 50; ++step) rates.push_back(schedule(step));
    worst.check(name, relative_error(rates, file.values(name)), 1e-12);
  }
  CHECK(schedules.size() == file.tensors().size());
  MESSAGE("worst: ", worst.name, " ", worst.error);
}
