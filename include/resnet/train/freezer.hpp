// SPDX-License-Identifier: MIT
// What a training run does with frozen parameters, so that they cost nothing and don't move:
//   - The gradient's tensors of the layers before the first trained one are released: backward stops there
//     (core/layer.hpp, 10). The order is that of visit.
//   - A BatchNorm2d whose parameters are all frozen normalises with its running statistics and leaves them.
#pragma once

#include <resnet/core/visit.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/train/trainer_options.hpp>

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace resnet {

class Freezer {
 public:
  /// is_frozen(name) says it of a parameter.
  template <class Model>
  Freezer(const Model& model, FrozenStatistics statistics, auto&& is_frozen) : statistics_(statistics) {
    std::string layer;
    std::size_t parameters = 0, layer_begin = 0;
    for_each_parameter(
        [&](std::string_view name, Role, const auto&) {
          const std::size_t dot = name.rfind('.');
          const std::string_view of = name.substr(0, dot == name.npos ? 0 : dot);
          if (of != layer) layer = of, layer_begin = parameters;
          ++parameters;
          if (is_frozen(name)) return;
          if (trained_.empty()) released_ = layer_begin;  // a layer is released as a whole or not at all
          trained_.insert(layer);
        },
        model);
    if (trained_.empty()) released_ = parameters;
  }

  template <class Model>
  void apply(Model& model, Model& grad) const {
    Modes<typename Model::Backend> modes(*this);
    detail::walk(model, modes);
    Releases<typename Model::Backend> releases(released_);
    detail::walk(grad, releases);
  }

 private:
  template <class B>
  struct Modes final : detail::StateSink<B> {
    const Freezer& freezer;
    explicit Modes(const Freezer& f) : freezer(f) {}
    void layer(std::string_view name, void* address, const char* tag) override {
      if (tag != &detail::layer_tag<BatchNormMode>::name) return;
      const bool hold = freezer.statistics_ == FrozenStatistics::hold && !freezer.trained_.contains(name);
      static_cast<BatchNormMode*>(address)->statistics = hold ? Statistics::running : Statistics::batch;
    }
  };
  template <class B>
  struct Releases final : detail::StateSink<B> {
    std::size_t left;
    explicit Releases(std::size_t parameters) : left(parameters) {}
    void tensor(std::string_view, Role role, TensorBase<B>& grad) override {
      if (role != Role::buffer && left > 0) --left, grad.release();
    }
  };

  std::set<std::string, std::less<>> trained_;  // layers
  std::size_t released_ = 0;                    // parameters, from the first on
  FrozenStatistics statistics_;
};

}  // namespace resnet
