// SPDX-License-Identifier: MIT
// The networks that the programs know, behind virtual functions: the programs are compiled once, and each network in
// a file of its own in examples/architectures/, which registers it and which nothing else names.
#pragma once

#include <resnet/backend/cpu/work.hpp>
#include <resnet/data/loader.hpp>
#include <resnet/init/initialize.hpp>
#include <resnet/io/state_dict.hpp>
#include <resnet/optim/optimizer.hpp>
#include <resnet/optim/schedule.hpp>
#include <resnet/summary.hpp>
#include <resnet/train/evaluate.hpp>
#include <resnet/train/trainer.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "report/results.hpp"

/// A network with its weights.
class Network {
 public:
  virtual ~Network() = default;
  virtual void save_weights(const std::string& path, const resnet::Metadata& metadata) const = 0;
  virtual resnet::Evaluation evaluate(resnet::DataLoader& loader,
                                      const std::function<bool(const resnet::Metrics&)>& go_on = {},
                                      resnet::EvaluateOptions options = {}) const = 0;
  /// (n, classes), for normalised images (n, h, w, c).
  virtual std::vector<float> probabilities(std::span<const float> images,
                                           resnet::EvaluateOptions options = {}) const = 0;
  virtual Filters first_filters() const = 0;
};

/// What a Trainer is made from, and the random parts of the network.
struct TrainingSetup {
  int threads = 0;
  resnet::ConvolutionAlgorithm convolution = resnet::ConvolutionAlgorithm::fastest;
  resnet::InitOptions init{};
  resnet::Rule rule{};
  resnet::WeightDecay decay{};
  resnet::Schedule schedule;
  resnet::TrainerOptions trainer{};
  double dropout = -1, drop_path = -1;  // probabilities; -1: the network's own
};

/// A network in training: resnet::Trainer.
class Training {
 public:
  virtual ~Training() = default;
  virtual void initialize() = 0;
  virtual void load_weights(const std::string& path, const resnet::LoadOptions& options) = 0;
  virtual std::int64_t steps() const = 0;
  virtual resnet::Metrics epoch_so_far() const = 0;
  virtual resnet::DataLoader::Epoch rest_of_epoch(resnet::DataLoader& loader) = 0;
  virtual void step(const resnet::HostBatch& batch) = 0;
  virtual void save(const std::string& path, resnet::Metadata metadata) const = 0;
  virtual resnet::Metadata resume(const std::string& path,
                                  const std::function<void(const resnet::Metadata&)>& check) = 0;
  /// What is trained.
  virtual const Network& current() = 0;
  /// What is evaluated and kept: the moving average of the weights where there is one.
  virtual const Network& result() = 0;
};

struct Architecture {
  std::string name;   // for --model
  std::string title;  // for people
  int classes;
  std::size_t parameters;
  long long (*macs)();
  std::vector<resnet::LayerSummary> (*summary)();
  /// With the weights of a file.
  std::unique_ptr<Network> (*network)(const std::string& weights, int threads);
  std::unique_ptr<Training> (*training)(const TrainingSetup&);
};

/// All that are registered, by name.
const std::vector<Architecture>& architectures();
std::vector<std::string> architecture_names();
/// Throws Error for what is not there, and says what is.
const Architecture& find_architecture(const std::string& name, int classes);

/// Puts one more into the list.
bool register_architecture(Architecture architecture);
