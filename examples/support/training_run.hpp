// SPDX-License-Identifier: MIT
// A training run from its options to its folder, for train and experiments.
#pragma once

#include "train_options.hpp"

/// Trains, or continues, and returns the exit status. The run's folder then holds:
///   config.toml          all options, for --config
///   log.csv              a row for each epoch
///   last.safetensors     everything that --resume needs: after each epoch, every few minutes, on Ctrl-C
///   weights.safetensors  the network after the latest epoch, for evaluate, classify and PyTorch
///   best.safetensors     the network of the epoch with the best validation accuracy (with --validation)
///   results.json         at the end: what the network is, and how good on the test images
///   report.html          the same for people
int train(const TrainOptions& options);
