// SPDX-License-Identifier: MIT
// The options of a training run, from the command line or a configuration file, and what follows from them.
#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data.hpp"
#include "network.hpp"

struct TrainOptions {
  // Network and data
  DataOptions data;
  std::string model = "resnet18";
  int validation = 0;
  // Augmentation
  bool no_augment = false;
  resnet::RandAugment rand_augment{.operations = 0};
  resnet::Erase erase;
  resnet::Mix mix;
  // Training
  int epochs = 30, batch_size = 128;
  bool drop_last = false;
  std::string optimizer = "sgd", schedule = "cosine";
  double lr = 0, momentum = 0.9, weight_decay = 5e-4;
  bool nesterov = false, zero_gamma = false;
  int step_epochs = 60, restart_epochs = 10, restart_factor = 2;
  std::vector<int> milestones{60, 120, 160};
  double gamma = 0.2, warmup_epochs = 0;
  resnet::TrainerOptions trainer;
  double dropout = -1, drop_path = -1;
  int patience = 0;
  bool flip_test = false;
  std::string fine_tune;
  std::vector<std::string> new_layers;
  std::string frozen_statistics = "hold";
  std::uint64_t seed = 1;
  std::string convolution = "fastest";
  // The run
  int threads = 0;
  std::string run_dir = "run";
  bool resume = false;
  double save_minutes = 10;

  void add_to(CLI::App& app);

  /// Every option with its value, as a configuration file: what --config reads. Not what the result doesn't depend on.
  std::string to_toml() const;
  /// The options that such a file has set; nothing if a value is none.
  using Config = std::vector<std::pair<std::string, std::string>>;
  static std::optional<TrainOptions> read(const Config& config);
  /// What decides the result of a run, as metadata: a resumed run must agree in all of it.
  resnet::Metadata decisive() const;
  /// Throws Error with every difference between these options and those of a checkpoint.
  void require_same(const std::string& path, const resnet::Metadata& stored) const;

  /// Whether the schedule depends on the number of epochs.
  bool ends_with_epochs() const { return schedule == "cosine" || schedule == "onecycle"; }
  double largest_lr() const { return lr > 0 ? lr : optimizer == "sgd" ? 0.1 : 0.001; }
  /// Throws Error for options that don't fit together.
  resnet::Schedule schedule_of(std::int64_t steps_per_epoch) const;
  /// That a step is taken with: batches of one update share that of the first.
  double learning_rate(const resnet::Schedule& s, std::int64_t step) const {
    return s(step - step % trainer.accumulate);
  }
  resnet::Augment augment() const;
  resnet::LoadOptions fine_tuning() const;
  TrainingSetup setup(std::int64_t steps_per_epoch) const;

 private:
  resnet::Rule rule() const;
};
