// SPDX-License-Identifier: MIT
// Makes a network of the library one that the programs know. A file in examples/architectures/ consists of:
//   #include <resnet/resnet18.hpp>
//   #include "support/network_of.hpp"
//   static const bool resnet18 = register_network<resnet::ResNet18<10>>("resnet18", "ResNet-18");
#pragma once

#include <resnet/data/cifar.hpp>
#include <resnet/layers/drop_path.hpp>
#include <resnet/layers/dropout.hpp>

#include <optional>
#include <utility>

#include "network.hpp"

/// A model that somebody else owns.
template <class Model>
class NetworkOf : public Network {
 public:
  NetworkOf(resnet::Context<resnet::Cpu>& ctx, const Model& model) : ctx_(ctx), model_(model) {}

  void save_weights(const std::string& path, const resnet::Metadata& metadata) const final {
    resnet::save_weights(path, model_, metadata);
  }
  resnet::Evaluation evaluate(resnet::DataLoader& loader, const std::function<bool(const resnet::Metrics&)>& go_on,
                              resnet::EvaluateOptions options) const final {
    return resnet::evaluate<resnet::cifar_shape>(ctx_, model_, loader, go_on, options);
  }
  std::vector<float> probabilities(std::span<const float> images, resnet::EvaluateOptions options) const final {
    const auto p = resnet::probabilities<resnet::cifar_shape>(ctx_, model_, images, options);
    return {p.data(), p.data() + p.size()};
  }
  Filters first_filters() const final { return ::first_filters(model_); }

 private:
  resnet::Context<resnet::Cpu>& ctx_;
  const Model& model_;
};

namespace detail {

template <class Model>
struct LoadedModel {
  resnet::Context<resnet::Cpu> ctx;
  Model model;

  LoadedModel(const std::string& weights, int threads) : ctx(threads) { resnet::load_weights(weights, model); }
};

}  // namespace detail

/// A model for inference.
template <class Model>
class LoadedNetwork final : detail::LoadedModel<Model>, public NetworkOf<Model> {
 public:
  LoadedNetwork(const std::string& weights, int threads)
      : detail::LoadedModel<Model>(weights, threads), NetworkOf<Model>(this->ctx, this->model) {}
};

template <class Model>
class TrainingOf final : public Training {
 public:
  explicit TrainingOf(const TrainingSetup& s)
      : init_(s.init),
        ctx_(s.threads, s.init.seed),
        trainer_(ctx_, resnet::Optimizer<Model>(s.rule, s.decay), s.schedule, s.trainer) {
    ctx_.convolution = s.convolution;
    const auto require = [](int layers, const char* option) {
      if (layers == 0) throw resnet::Error(std::string(option) + ": this network has no such layer");
    };
    if (s.dropout >= 0) require(resnet::set_dropout(trainer_.model, s.dropout), "--dropout");
    if (s.drop_path >= 0) require(resnet::set_drop_path(trainer_.model, s.drop_path), "--drop-path");
  }

  void initialize() override { resnet::initialize(ctx_, trainer_.model, init_); }
  void load_weights(const std::string& path, const resnet::LoadOptions& options) override {
    resnet::load_weights(path, trainer_.model, options);
  }
  std::int64_t steps() const override { return trainer_.steps(); }
  resnet::Metrics epoch_so_far() const override { return trainer_.epoch_so_far(); }
  resnet::DataLoader::Epoch rest_of_epoch(resnet::DataLoader& loader) override {
    return trainer_.rest_of_epoch(loader);
  }
  void step(const resnet::HostBatch& batch) override { trainer_.step(batch); }
  void save(const std::string& path, resnet::Metadata metadata) const override {
    trainer_.save(path, std::move(metadata));
  }
  resnet::Metadata resume(const std::string& path, const std::function<void(const resnet::Metadata&)>& check) override {
    return trainer_.resume(path, check);
  }
  const Network& current() override { return evaluated_.emplace(ctx_, trainer_.model); }
  const Network& result() override { return evaluated_.emplace(ctx_, trainer_.averaged()); }

 private:
  resnet::InitOptions init_;
  resnet::Context<resnet::Cpu> ctx_;
  resnet::Trainer<Model, resnet::cifar_shape> trainer_;
  std::optional<NetworkOf<Model>> evaluated_;
};

template <class Model>
bool register_network(std::string name, std::string title) {
  constexpr resnet::Shape image = resnet::cifar_shape;
  return register_architecture({.name = std::move(name),
                                .title = std::move(title),
                                .classes = Model::out(image).c,
                                .parameters = resnet::parameter_count<Model>,
                                .macs = [] { return resnet::forward_macs<Model, resnet::cifar_shape>(); },
                                .summary = [] { return resnet::summarize<Model, resnet::cifar_shape>(); },
                                .network = [](const std::string& weights, int threads) -> std::unique_ptr<Network> {
                                  return std::make_unique<LoadedNetwork<Model>>(weights, threads);
                                },
                                .training = [](const TrainingSetup& s) -> std::unique_ptr<Training> {
                                  return std::make_unique<TrainingOf<Model>>(s);
                                }});
}
