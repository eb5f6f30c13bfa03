// SPDX-License-Identifier: MIT
#include "train_options.hpp"

#include <fmt/core.h>

#include <set>
#include <utility>

namespace {

/// Calls f(name, value, explanation, checks…) for each option that a configuration file may have, and f.group(title)
/// before those of a group.
template <class Options, class F> void for_each_option(Options& o, F&& f) {
  const auto positive = CLI::PositiveNumber;
  const auto not_negative = CLI::NonNegativeNumber;
  const auto share = CLI::Range(0.0, 1.0);

  f.group("Network and data");
  f("model", o.model, "", CLI::IsMember(architecture_names()));
  f("data", o.data.name, "", CLI::IsMember({"synthetic", "cifar10", "cifar100"}));
  f("train-images", o.data.train_images, "use the first so many; 0: all", not_negative);
  f("test-images", o.data.test_images, "use the first so many; 0: all", not_negative);
  f("validation", o.validation, "training images set apart to choose the best epoch", not_negative);
  f("fine-tune", o.fine_tune, "begin with the weights of this file");
  f("new-layers", o.new_layers, "fine-tune: layers that don't come from the file, such as fc");
  f("freeze", o.trainer.frozen, "layers whose parameters stay as they are, such as conv1,layer1");
  f("zero-gamma", o.zero_gamma, "start each residual block as its shortcut");
  f("dropout", o.dropout, "probability in the network's Dropout layers; -1: the network's own", CLI::Range(-1.0, 0.999));
  f("drop-path", o.drop_path, "stochastic depth: the last block's probability; -1: the network's own",
    CLI::Range(-1.0, 0.999));

  f.group("Augmentation");
  f("no-augment", o.no_augment, "CIFAR without random crop and flip");
  f("rand-augment", o.rand_augment.operations, "RandAugment: operations for each image; 0: none", not_negative);
  f("magnitude", o.rand_augment.magnitude, "RandAugment: strength of the operations, 0 to 30", CLI::Range(0, 30));
  f("cutout", o.erase.cutout, "side of a square that is cut out, in pixels; 0: none", not_negative);
  f("random-erasing", o.erase.probability, "probability that a random rectangle is erased", share);
  f("mixup", o.mix.mixup_alpha, "alpha of mixup; 0: none", not_negative);
  f("cutmix", o.mix.cutmix_alpha, "alpha of CutMix; 0: none", not_negative);

  f.group("Training");
  f("epochs", o.epochs, "", positive);
  f("batch-size", o.batch_size, "", positive);
  f("accumulate", o.trainer.accumulate, "batches whose mean gradient makes a step", positive);
  f("optimizer", o.optimizer, "", CLI::IsMember({"sgd", "adam", "adamw", "rmsprop"}));
  f("lr", o.lr, "largest learning rate; 0: 0.1 for sgd, 0.001 for the others", not_negative);
  f("momentum", o.momentum, "of sgd and rmsprop", share);
  f("nesterov", o.nesterov, "of sgd");
  f("weight-decay", o.weight_decay, "of weights; not of biases and scales", not_negative);
  f("schedule", o.schedule, "",
    CLI::IsMember({"constant", "step", "multistep", "cosine", "restarts", "onecycle"}));
  f("step-epochs", o.step_epochs, "step: epochs from one drop to the next", positive);
  f("milestones", o.milestones, "multistep: epochs of the drops", positive);
  f("gamma", o.gamma, "step, multistep: factor of a drop", positive);
  f("restart-epochs", o.restart_epochs, "restarts: epochs of the first cosine", positive);
  f("restart-factor", o.restart_factor, "restarts: how much longer each cosine is", positive);
  f("warmup-epochs", o.warmup_epochs, "linear rise before the schedule", not_negative);
  f("label-smoothing", o.trainer.label_smoothing, "", share);
  f("clip-norm", o.trainer.clip_norm, "largest norm of the gradient; 0: any", not_negative);
  f("clip-value", o.trainer.clip_value, "largest entry of the gradient; 0: any", not_negative);
  f("ema", o.trainer.ema_decay, "decay of the weights' moving average, which is then tested; 0: none",
    CLI::Range(0.0, 0.999999));
  f("lookahead", o.trainer.lookahead_steps, "updates from one look back of Lookahead to the next; 0: none", not_negative);
  f("patience", o.patience, "end after so many epochs without a better validation accuracy; 0: never", not_negative);
  f("flip-test", o.flip_test, "test on each image and its mirror image");
  f("seed", o.seed, "");
  f("convolution", o.convolution, "direct: without Winograd, which rounds a little differently",
    CLI::IsMember({"fastest", "direct"}));
}

/// Makes them options of the command line.
struct OptionAdder {
  CLI::App& app;

  void group(const std::string& title) { app.option_defaults()->group(title); }
  void operator()(const std::string& name, bool& value, const char* help) { app.add_flag("--" + name, value, help); }
  template <class T>
  void operator()(const std::string& name, std::vector<T>& values, const char* help, auto... checks) {
    add(name, values, help, checks...)->delimiter(',');
  }
  void operator()(const std::string& name, auto& value, const char* help, auto... checks) {
    add(name, value, help, checks...);
  }

 private:
  CLI::Option* add(const std::string& name, auto& value, const char* help, auto... checks) {
    CLI::Option* option = app.add_option("--" + name, value, help);
    (option->check(checks), ...);
    return option;
  }
};

/// Writes them as TOML; what is empty is left out.
struct OptionWriter {
  std::vector<std::pair<std::string, std::string>> values{};

  void group(const char*) {}
  void operator()(const char* name, const auto& value, const auto&...) {
    if (std::string text = toml(value); text != "[]" && text != "\"\"") values.emplace_back(name, std::move(text));
  }

 private:
  static std::string toml(bool value) { return value ? "true" : "false"; }
  static std::string toml(const std::string& value) { return '"' + value + '"'; }
  template <class T> static std::string toml(const std::vector<T>& values) {
    std::string list;
    for (const T& value : values) list += (list.empty() ? "" : ", ") + toml(value);
    return '[' + list + ']';
  }
  static std::string toml(const auto& number) { return resnet::to_metadata(number); }
};

std::vector<std::pair<std::string, std::string>> resolved(TrainOptions o) {
  o.lr = o.largest_lr();
  OptionWriter writer;
  for_each_option(o, writer);
  return std::move(writer.values);
}

}  // namespace

void TrainOptions::add_to(CLI::App& app) {
  app.option_defaults()->always_capture_default();
  app.set_config("--config", "", "read options from this file of lines `option = value`; the command line goes first");
  app.allow_config_extras(CLI::config_extras_mode::error);
  for_each_option(*this, OptionAdder{app});

  app.option_defaults()->group("The run")->configurable(false);
  app.add_option("--data-dir", data.dir, "folder of CIFAR's binary files");
  app.add_option("--threads", threads, "0: all; the result does not depend on it")->check(CLI::NonNegativeNumber);
  app.add_option("--run-dir", run_dir, "folder of checkpoints, log and report");
  app.add_flag("--resume", resume, "continue the run in that folder");
  app.add_option("--save-minutes", save_minutes, "time between checkpoints within an epoch")
      ->check(CLI::PositiveNumber);
}

std::string TrainOptions::to_toml() const {
  std::string text;
  for (const auto& [name, value] : resolved(*this)) text += name + " = " + value + '\n';
  return text;
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
  for (const auto& [name, value] : resolved(*this))
    if (!left_out.contains(name)) m["option --" + name] = value;
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
