// SPDX-License-Identifier: MIT
#include "train_options.hpp"

#include <fmt/core.h>

#include <map>
#include <set>
#include <sstream>

void TrainOptions::add_to(CLI::App& app) {
  app.option_defaults()->always_capture_default();
  app.set_config("--config", "", "read options from this file of lines `option = value`; the command line goes first");
  app.allow_config_extras(CLI::config_extras_mode::error);
  const auto positive = CLI::PositiveNumber;
  const auto not_negative = CLI::NonNegativeNumber;
  const auto share = CLI::Range(0.0, 1.0);
  const auto below_one = CLI::Range(0.0, 0.999);

  app.option_defaults()->group("Network and data");
  app.add_option("--model", model)->check(CLI::IsMember(architecture_names()));
  app.add_option("--data", data.name)->check(CLI::IsMember({"synthetic", "cifar10", "cifar100"}));
  app.add_option("--data-dir", data.dir, "folder of CIFAR's binary files")->configurable(false);
  app.add_option("--train-images", data.train_images, "use the first so many; 0: all")->check(not_negative);
  app.add_option("--test-images", data.test_images, "use the first so many; 0: all")->check(not_negative);
  app.add_option("--validation", validation, "training images set apart to choose the best epoch")
      ->check(not_negative);
  app.add_option("--fine-tune", fine_tune, "begin with the weights of this file");
  app.add_option("--new-layers", new_layers, "fine-tune: layers that don't come from the file, such as fc")
      ->delimiter(',');
  app.add_option("--freeze", trainer.frozen, "layers whose parameters stay as they are, such as conv1,layer1")
      ->delimiter(',');
  app.add_flag("--zero-gamma", zero_gamma, "start each residual block as its shortcut");
  app.add_option("--dropout", dropout, "probability in the network's Dropout layers; -1: the network's own")
      ->check(CLI::Range(-1.0, 0.999));
  app.add_option("--drop-path", drop_path, "stochastic depth: the last block's probability; -1: the network's own")
      ->check(CLI::Range(-1.0, 0.999));

  app.option_defaults()->group("Augmentation");
  app.add_flag("--no-augment", no_augment, "CIFAR without random crop and flip");
  app.add_option("--rand-augment", rand_augment.operations, "RandAugment: operations for each image; 0: none")
      ->check(not_negative);
  app.add_option("--magnitude", rand_augment.magnitude, "RandAugment: strength of the operations, 0 to 30")
      ->check(CLI::Range(0, 30));
  app.add_option("--cutout", erase.cutout, "side of a square that is cut out, in pixels; 0: none")
      ->check(not_negative);
  app.add_option("--random-erasing", erase.probability, "probability that a random rectangle is erased")
      ->check(share);
  app.add_option("--mixup", mix.mixup_alpha, "alpha of mixup; 0: none")->check(not_negative);
  app.add_option("--cutmix", mix.cutmix_alpha, "alpha of CutMix; 0: none")->check(not_negative);

  app.option_defaults()->group("Training");
  app.add_option("--epochs", epochs)->check(positive);
  app.add_option("--batch-size", batch_size)->check(positive);
  app.add_option("--accumulate", trainer.accumulate, "batches whose mean gradient makes a step")->check(positive);
  app.add_option("--optimizer", optimizer)->check(CLI::IsMember({"sgd", "adam", "adamw", "rmsprop"}));
  app.add_option("--lr", lr, "largest learning rate; without it 0.1 for sgd, 0.001 for the others")
      ->check(positive);
  app.add_option("--momentum", momentum, "of sgd and rmsprop")->check(share);
  app.add_flag("--nesterov", nesterov, "of sgd");
  app.add_option("--weight-decay", weight_decay, "of weights; not of biases and scales")->check(not_negative);
  app.add_option("--schedule", schedule)
      ->check(CLI::IsMember({"constant", "step", "multistep", "cosine", "restarts", "onecycle"}));
  app.add_option("--step-epochs", step_epochs, "step: epochs from one drop to the next")->check(positive);
  app.add_option("--milestones", milestones, "multistep: epochs of the drops")->delimiter(',')->check(positive);
  app.add_option("--gamma", gamma, "step, multistep: factor of a drop")->check(positive);
  app.add_option("--restart-epochs", restart_epochs, "restarts: epochs of the first cosine")->check(positive);
  app.add_option("--restart-factor", restart_factor, "restarts: how much longer each cosine is")->check(positive);
  app.add_option("--warmup-epochs", warmup_epochs, "linear rise before the schedule")->check(not_negative);
  app.add_option("--label-smoothing", trainer.label_smoothing)->check(share);
  app.add_option("--clip-norm", trainer.clip_norm, "largest norm of the gradient; 0: any")->check(not_negative);
  app.add_option("--clip-value", trainer.clip_value, "largest entry of the gradient; 0: any")->check(not_negative);
  app.add_option("--ema", trainer.ema_decay, "decay of the weights' moving average, which is then tested; 0: none")
      ->check(below_one);
  app.add_option("--lookahead", trainer.lookahead_steps, "updates from one look back of Lookahead to the next; 0: none")
      ->check(not_negative);
  app.add_option("--patience", patience, "end after so many epochs without a better validation accuracy; 0: never")
      ->check(not_negative);
  app.add_flag("--flip-test", flip_test, "test on each image and its mirror image");
  app.add_option("--seed", seed);
  app.add_option("--convolution", convolution, "direct: without Winograd, which rounds a little differently")
      ->check(CLI::IsMember({"fastest", "direct"}));

  app.option_defaults()->group("The run")->configurable(false);
  app.add_option("--threads", threads, "0: all; the result does not depend on it")->check(not_negative);
  app.add_option("--run-dir", run_dir, "folder of checkpoints, log and report");
  app.add_flag("--resume", resume, "continue the run in that folder");
  app.add_option("--save-minutes", save_minutes, "time between checkpoints within an epoch")->check(positive);
}

std::string TrainOptions::to_toml() const {
  TrainOptions resolved = *this;
  resolved.lr = largest_lr();
  CLI::App app;
  resolved.add_to(app);
  return app.config_to_str(true);
}

resnet::Metadata TrainOptions::decisive() const {
  // What only other rules of the schedule read doesn't count, nor where it ends if it doesn't look there.
  std::set<std::string> left_out{"test-images", "patience", "flip-test"};
  const auto only = [&](std::initializer_list<const char*> names, bool used) {
    if (!used) left_out.insert(names.begin(), names.end());
  };
  only({"epochs"}, schedule == "cosine" || schedule == "onecycle");
  only({"step-epochs"}, schedule == "step");
  only({"milestones"}, schedule == "multistep");
  only({"gamma"}, schedule == "step" || schedule == "multistep");
  only({"restart-epochs", "restart-factor"}, schedule == "restarts");
  resnet::Metadata m;
  std::istringstream lines(to_toml());
  for (std::string line; std::getline(lines, line);)
    if (const std::size_t equal = line.find('='); equal != std::string::npos && !left_out.contains(line.substr(0, equal)))
      m["option --" + line.substr(0, equal)] = line.substr(equal + 1);
  return m;
}

void TrainOptions::require_same(const std::string& path, const resnet::Metadata& stored) const {
  std::string differences;
  for (const auto& [key, value] : decisive()) {
    const auto found = stored.find(key);
    const std::string was = found == stored.end() ? "(nothing)" : found->second;
    if (was != value)
      differences += fmt::format("\n  {}: the checkpoint has {}, this run has {}", key.substr(7), was, value);
  }
  if (!differences.empty()) throw resnet::Error(path + ": cannot resume with other options:" + differences);
}

resnet::Augment TrainOptions::augment() const {
  resnet::Augment augment = no_augment || data.name == "synthetic" ? resnet::Augment{} : resnet::cifar_augment;
  augment.rand_augment = rand_augment;
  augment.erase = erase;
  return augment;
}

namespace {

/// What the parameters' names of these layers begin with.
std::vector<std::string> prefixes(std::vector<std::string> layers) {
  for (std::string& layer : layers) layer += '.';
  return layers;
}

}  // namespace

resnet::LoadOptions TrainOptions::fine_tuning() const { return {.skip = prefixes(new_layers)}; }

resnet::Rule TrainOptions::rule() const {
  if (optimizer == "sgd") return resnet::Sgd{momentum, nesterov};
  if (optimizer == "adam") return resnet::Adam{};
  if (optimizer == "adamw") return resnet::AdamW{};
  return resnet::RmsProp{.momentum = momentum};
}

resnet::Schedule TrainOptions::make_schedule(std::int64_t steps_per_epoch) const {
  const auto warmup = static_cast<std::int64_t>(warmup_epochs * static_cast<double>(steps_per_epoch));
  resnet::Schedule s{resnet::ConstantLr{}, largest_lr(), epochs * steps_per_epoch, warmup};
  if (warmup >= s.total_steps) throw resnet::Error("--warmup-epochs: expected less than --epochs");
  if (schedule == "step") s.rule = resnet::StepLr{step_epochs * steps_per_epoch, gamma};
  if (schedule == "multistep") {
    resnet::MultiStepLr multi{{}, gamma};
    for (const int epoch : milestones) multi.milestones.push_back(epoch * steps_per_epoch);
    s.rule = multi;
  }
  if (schedule == "cosine") s.rule = resnet::CosineLr{};
  if (schedule == "restarts") s.rule = resnet::CosineRestartsLr{restart_epochs * steps_per_epoch, restart_factor};
  if (schedule == "onecycle") s.rule = resnet::OneCycleLr{};
  return s;
}

TrainingSetup TrainOptions::setup(std::int64_t steps_per_epoch) const {
  TrainingSetup s{.threads = threads,
                  .init = {seed, zero_gamma},
                  .rule = rule(),
                  .decay = {.weight = weight_decay},
                  .schedule = make_schedule(steps_per_epoch),
                  .trainer = trainer,
                  .dropout = dropout,
                  .drop_path = drop_path};
  s.trainer.frozen = prefixes(s.trainer.frozen);
  if (convolution == "direct") s.convolution = resnet::Convolution::direct;
  return s;
}
