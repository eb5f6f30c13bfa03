// SPDX-License-Identifier: MIT
#include "train_options.hpp"

#include <fmt/core.h>

#include <set>
#include <utility>

#include "config_file.hpp"
#include "options.hpp"

namespace {

/// Calls f(name, value, explanation, checks…) for each option that a configuration file may have, and f.group(title)
/// before those of a group.
template <class Options, class F>
void for_each_option(Options& o, F&& f) {
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
  f("frozen-statistics", o.frozen_statistics, "whether running statistics of frozen BatchNorm2d stay too",
    CLI::IsMember({"hold", "move"}));
  f("zero-gamma", o.zero_gamma, "start each residual block as its shortcut");
  f("dropout", o.dropout, "probability in the network's Dropout layers; -1: the network's own",
    CLI::Range(-1.0, 0.999));
  f("drop-path", o.drop_path, "stochastic depth: the last block's probability; -1: the network's own",
    CLI::Range(-1.0, 0.999));

  f.group("Augmentation");
  f("no-augment", o.no_augment, "CIFAR without random crop and flip");
  f("rand-augment", o.rand_augment.operations, "RandAugment: operations for each image; 0: none", CLI::Range(0, 100));
  f("magnitude", o.rand_augment.magnitude, "RandAugment: strength of the operations, 0 to 30", CLI::Range(0, 30));
  f("cutout", o.erase.cutout, "side of a square that is cut out, in pixels; 0: none", not_negative);
  f("random-erasing", o.erase.probability, "probability that a random rectangle is erased", share);
  f("mixup", o.mix.mixup_alpha, "alpha of mixup; 0: none", not_negative);
  f("cutmix", o.mix.cutmix_alpha, "alpha of CutMix; 0: none", not_negative);

  f.group("Training");
  f("epochs", o.epochs, "", CLI::Range(1, 1 << 24));  // random streams have room for no more
  f("batch-size", o.batch_size, "", positive);
  f("drop-last", o.drop_last, "leave out an epoch's last batch if it is smaller than the others");
  f("accumulate", o.trainer.accumulate, "batches whose mean gradient makes a step", positive);
  f("optimizer", o.optimizer, "", CLI::IsMember({"sgd", "adam", "adamw", "rmsprop"}));
  f("lr", o.lr, "largest learning rate; 0: 0.1 for sgd, 0.001 for the others", not_negative);
  f("momentum", o.momentum, "of sgd and rmsprop", share);
  f("nesterov", o.nesterov, "of sgd");
  f("weight-decay", o.weight_decay, "of weights; not of biases and scales", not_negative);
  f("schedule", o.schedule, "", CLI::IsMember({"constant", "step", "multistep", "cosine", "restarts", "onecycle"}));
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
  f("lookahead", o.trainer.lookahead_steps, "updates from one look back of Lookahead to the next; 0: none",
    not_negative);
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
  void operator()(const std::string& name, bool& value, const char* help) { add_flag(app, "--" + name, value, help); }
  void operator()(const std::string& name, auto& value, const char* help, const auto&... checks) {
    add_option(app, "--" + name, value, help, checks...);
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
  static std::string toml(const std::string& value) { return toml_text(value); }
  template <class T>
  static std::string toml(const std::vector<T>& values) {
    std::string list;
    for (const T& value : values) list += (list.empty() ? "" : ", ") + toml(value);
    return '[' + list + ']';
  }
  static std::string toml(const auto& number) { return resnet::to_metadata(number); }
};

/// Takes their values from a configuration.
struct OptionReader {
  const TrainOptions::Config& config;
  bool valid = true;

  void group(const char*) {}
  void operator()(const std::string& name, auto& value, const char*, const auto&... checks) {
    for (const auto& [key, text] : config)
      if (key == name && key != "model")  // who reads about a run may not have its network
        valid = valid && read(text, value, checks...);
  }

 private:
  template <class T>
  static bool read(std::string_view text, std::vector<T>& values, const auto&... checks) {
    values.clear();
    while (!text.empty()) {
      const std::size_t end = std::min(text.find(", "), text.size());
      if (!read(text.substr(0, end), values.emplace_back(), checks...)) return false;
      text.remove_prefix(std::min(end + 2, text.size()));
    }
    return true;
  }
  static bool read(std::string_view text, auto& value, const auto&... checks) {
    std::string copy(text);
    return read_value(text, value).empty() && (checks(copy).empty() && ...);
  }
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
  add_config_option(app, "read options from this file of lines `option = value`; the command line goes first");
  for_each_option(*this, OptionAdder{app});

  app.option_defaults()->group("The run")->configurable(false);
  add_option(app, "--data-dir", data.dir, "folder of CIFAR's binary files");
  add_option(app, "--threads", threads, "0: all; the result does not depend on it", thread_count);
  add_option(app, "--run-dir", run_dir, "folder of checkpoints, log and report");
  add_flag(app, "--resume", resume, "continue the run in that folder");
  add_option(app, "--save-minutes", save_minutes, "time between checkpoints within an epoch", CLI::PositiveNumber);
}

std::string TrainOptions::to_toml() const {
  std::string text;
  for (const auto& [name, value] : resolved(*this)) text += name + " = " + value + '\n';
  return text;
}

std::optional<TrainOptions> TrainOptions::read(const Config& config) {
  TrainOptions o;
  OptionReader reader{config};
  for_each_option(o, reader);
  return reader.valid ? std::optional(o) : std::nullopt;
}

resnet::Metadata TrainOptions::decisive() const {
  // What only other rules of the schedule read doesn't count, nor where it ends if it doesn't look there.
  std::set<std::string> left_out{"test-images", "patience", "flip-test"};
  const auto only = [&](std::initializer_list<const char*> names, bool used) {
    if (!used) left_out.insert(names.begin(), names.end());
  };
  only({"epochs"}, ends_with_epochs());
  only({"step-epochs"}, schedule == "step");
  only({"milestones"}, schedule == "multistep");
  only({"gamma"}, schedule == "step" || schedule == "multistep");
  only({"frozen-statistics"}, !trainer.frozen.empty());
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
  if (differences.empty()) return;
  if (ends_with_epochs() && differences.find("\n  --epochs:") != std::string::npos)
    differences += fmt::format(
        "\n  (the schedule {} depends on the number of epochs; constant, step, multistep and "
        "restarts don't)",
        schedule);
  throw resnet::Error(path + ": cannot resume with other options:" + differences);
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

resnet::Schedule TrainOptions::schedule_of(std::int64_t steps_per_epoch) const {
  if (!(warmup_epochs < epochs))
    throw resnet::Error(
        fmt::format("--warmup-epochs: expected less than --epochs, which is {}, found {}", epochs, warmup_epochs));
  const auto warmup = static_cast<std::int64_t>(warmup_epochs * static_cast<double>(steps_per_epoch));
  resnet::Schedule s{resnet::ConstantLr{}, largest_lr(), epochs * steps_per_epoch, warmup};
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
                  .schedule = schedule_of(steps_per_epoch),
                  .trainer = trainer,
                  .dropout = dropout,
                  .drop_path = drop_path};
  s.trainer.frozen = prefixes(s.trainer.frozen);
  if (frozen_statistics == "move") s.trainer.frozen_statistics = resnet::FrozenStatistics::move;
  if (convolution == "direct") s.convolution = resnet::ConvolutionAlgorithm::direct;
  return s;
}
