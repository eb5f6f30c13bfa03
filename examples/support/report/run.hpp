// SPDX-License-Identifier: MIT
// The folder of a training run, read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "results.hpp"

/// A row of log.csv.
struct EpochRow {
  int epoch = 0;
  std::int64_t step = 0;
  double lr = 0, train_loss = 0, train_accuracy = 0;  // accuracies in [0, 1]
  std::string held_out;                               // "validation" or "test"
  double loss = 0, accuracy = 0;                      // of the held-out images
  double images_per_second = 0, seconds = 0, memory_mb = 0;
};

struct Run {
  std::string folder;
  std::vector<std::pair<std::string, std::string>> config;  // options and values, in the file's order
  std::vector<EpochRow> log;
  std::optional<RunResults> results;  // of a run that has ended

  /// The folder's own name.
  std::string name() const;
  /// Empty if the configuration doesn't have it.
  std::string option(const std::string& key) const;
};

/// Reads config.toml, log.csv and results.json as far as they are there. Throws Error if the folder has none
/// of them or one is damaged.
Run read_run(const std::string& folder);
