// SPDX-License-Identifier: MIT
// The options of 3_train, and what follows from them.
#pragma once

#include <resnet/optim/optimizer.hpp>
#include <resnet/optim/schedule.hpp>

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

#include "data.hpp"
#include "model_card.hpp"

struct TrainOptions {
  DataOptions data;
  std::string form = "cifar", optimizer = "sgd", schedule = "cosine", convolution = "fastest",
              checkpoint_dir = "checkpoints", csv;
  int width = 64, epochs = 30, batch_size = 128, step_epochs = 60, threads = 0, validation = 0;
  std::optional<double> lr;
  double momentum = 0.9, weight_decay = 5e-4, gamma = 0.2, warmup_epochs = 0, label_smoothing = 0,
         clip_norm = 0, save_minutes = 10;
  std::vector<int> milestones{60, 120, 160};
  std::uint64_t seed = 1;
  bool nesterov = false, zero_gamma = false, no_augment = false, resume = false;

  void add_to(CLI::App& app) {
    app.option_defaults()->always_capture_default();
    const auto positive = CLI::PositiveNumber;
    const auto not_negative = CLI::NonNegativeNumber;
    app.add_option("--data", data.name)->check(CLI::IsMember({"synthetic", "cifar10", "cifar100"}));
    app.add_option("--data-dir", data.dir, "folder of CIFAR's binary files");
    app.add_option("--train-images", data.train_images, "use the first so many; 0: all")->check(not_negative);
    app.add_option("--test-images", data.test_images, "use the first so many; 0: all")->check(not_negative);
    app.add_option("--validation", validation, "training images set apart to choose the best epoch")
        ->check(not_negative);
    app.add_flag("--no-augment", no_augment, "CIFAR without random crop and flip");
    app.add_option("--form", form, "ResNet-18's first layers")->check(CLI::IsMember({"cifar", "imagenet"}));
    app.add_option("--width", width, "channels of the first stage")->check(CLI::IsMember({64, 16}));
    app.add_flag("--zero-gamma", zero_gamma, "start each block as its shortcut");
    app.add_option("--epochs", epochs)->check(positive);
    app.add_option("--batch-size", batch_size)->check(positive);
    app.add_option("--optimizer", optimizer)->check(CLI::IsMember({"sgd", "adam", "adamw", "rmsprop"}));
    app.add_option("--lr", lr, "largest learning rate; without it 0.1 for sgd, 0.001 for the others")
        ->check(positive);
    app.add_option("--momentum", momentum, "of sgd and rmsprop")->check(CLI::Range(0.0, 1.0));
    app.add_flag("--nesterov", nesterov, "of sgd");
    app.add_option("--weight-decay", weight_decay, "of weights; not of biases and scales")
        ->check(not_negative);
    app.add_option("--schedule", schedule)
        ->check(CLI::IsMember({"constant", "step", "multistep", "cosine", "onecycle"}));
    app.add_option("--step-epochs", step_epochs, "step: epochs from one drop to the next")->check(positive);
    app.add_option("--milestones", milestones, "multistep: epochs of the drops")
        ->delimiter(',')
        ->check(positive);
    app.add_option("--gamma", gamma, "step, multistep: factor of a drop")->check(positive);
    app.add_option("--warmup-epochs", warmup_epochs, "linear rise before the schedule")->check(not_negative);
    app.add_option("--label-smoothing", label_smoothing)->check(CLI::Range(0.0, 1.0));
    app.add_option("--clip-norm", clip_norm, "largest norm of the gradient; 0: any")->check(not_negative);
    app.add_option("--seed", seed);
    app.add_option("--convolution", convolution, "direct: without Winograd, which rounds a little differently")
        ->check(CLI::IsMember({"fastest", "direct"}));
    app.add_option("--threads", threads, "0: all; the result does not depend on it")->check(not_negative);
    app.add_option("--checkpoint-dir", checkpoint_dir);
    app.add_flag("--resume", resume, "continue the run in the checkpoint directory");
    app.add_option("--save-minutes", save_minutes, "time between checkpoints within an epoch")
        ->check(positive);
    app.add_option("--csv", csv, "write a row for each epoch to this file");
  }

  /// What decides the result of a run, as metadata: a resumed run must agree in all of it.
  resnet::Metadata decisive() const {
    using resnet::to_metadata;
    const auto word = [](bool b) { return std::string(b ? "yes" : "no"); };
    resnet::Metadata m{{"data", data.name},
                       {"train-images", to_metadata(data.train_images)},
                       {"validation", to_metadata(validation)},
                       {"no-augment", word(no_augment)},
                       {"form", form},
                       {"width", to_metadata(width)},
                       {"zero-gamma", word(zero_gamma)},
                       {"batch-size", to_metadata(batch_size)},
                       {"optimizer", optimizer},
                       {"lr", to_metadata(largest_lr())},
                       {"momentum", to_metadata(momentum)},
                       {"nesterov", word(nesterov)},
                       {"weight-decay", to_metadata(weight_decay)},
                       {"schedule", schedule},
                       {"warmup-epochs", to_metadata(warmup_epochs)},
                       {"label-smoothing", to_metadata(label_smoothing)},
                       {"clip-norm", to_metadata(clip_norm)},
                       {"convolution", convolution},
                       {"seed", to_metadata(seed)}};
    if (schedule == "step") m["step-epochs"] = to_metadata(step_epochs);
    if (schedule == "multistep") m["milestones"] = join(milestones);
    if (schedule == "step" || schedule == "multistep") m["gamma"] = to_metadata(gamma);
    if (schedule == "cosine" || schedule == "onecycle") m["epochs"] = to_metadata(epochs);
    resnet::Metadata prefixed;
    for (const auto& [name, value] : m) prefixed["option --" + name] = value;
    return prefixed;
  }

  /// Throws Error with every difference between these options and those of a checkpoint.
  void require_same(const std::string& path, const resnet::Metadata& stored) const {
    std::string differences;
    for (const auto& [key, value] : decisive()) {
      const auto found = stored.find(key);
      const std::string was = found == stored.end() ? "(nothing)" : found->second;
      if (was != value)
        differences +=
            fmt::format("\n  {}: the checkpoint has {}, this run has {}", key.substr(7), was, value);
    }
    if (!differences.empty()) throw resnet::Error(path + ": cannot resume with other options:" + differences);
  }

  double largest_lr() const { return lr.value_or(optimizer == "sgd" ? 0.1 : 0.001); }

  resnet::Rule rule() const {
    if (optimizer == "sgd") return resnet::Sgd{momentum, nesterov};
    if (optimizer == "adam") return resnet::Adam{};
    if (optimizer == "adamw") return resnet::AdamW{};
    return resnet::RmsProp{.momentum = momentum};
  }

  resnet::Schedule make_schedule(std::int64_t steps_per_epoch) const {
    const auto warmup = static_cast<std::int64_t>(warmup_epochs * static_cast<double>(steps_per_epoch));
    resnet::Schedule s{resnet::ConstantLr{}, largest_lr(), epochs * steps_per_epoch, warmup};
    if (warmup >= s.total_steps) throw resnet::Error("--warmup-epochs: expected less than --epochs");
    if (schedule == "step") s.rule = resnet::StepLr{step_epochs * steps_per_epoch, gamma};
    if (schedule == "multistep") {
      resnet::MultiStepLr rule{{}, gamma};
      for (const int epoch : milestones) rule.milestones.push_back(epoch * steps_per_epoch);
      s.rule = rule;
    }
    if (schedule == "cosine") s.rule = resnet::CosineLr{};
    if (schedule == "onecycle") s.rule = resnet::OneCycleLr{};
    return s;
  }
};
