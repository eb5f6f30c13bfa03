// SPDX-License-Identifier: MIT
// What a training run does with frozen parameters, so that they cost nothing and don't move:
//   - The gradient's tensors of the layers before the first trained one are released: backward stops there
//     (core/layer.hpp, 10). The order is that of visit.
//   - A BatchNorm2d whose parameters are all frozen normalises with its running statistics and leaves them.
#pragma once

#include <resnet/core/visit.hpp>
#include <resnet/op/batch_norm.hpp>
#include <resnet/train/trainer_options.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace resnet {

/// A walk over a model and its gradient side by side.
class Freezer {
 public:
  /// is_frozen(name) says it of a parameter.
  template <class Model>
  Freezer(const Model& model, FrozenStatistics statistics, auto&& is_frozen) : statistics_(statistics) {
    std::string layer;
    std::size_t layer_begin = 0;
    bool before_trained = true;
    for_each_parameter(
        [&](std::string_view name, Role, const auto&) {
          const std::string_view of = name.substr(0, name.rfind('.') + 1);
          if (of != layer) layer = of, layer_begin = frozen_.size();
          frozen_.push_back(is_frozen(name));
          if (frozen_.back() || !before_trained) return;
          before_trained = false;
          released_ = layer_begin;  // a layer is released as a whole or not at all
        },
        model);
    if (before_trained) released_ = frozen_.size();
  }

  template <class Model>
  void apply(Model& model, Model& grad) const {
    std::size_t parameter = 0;
    Walk{*this, parameter}("", model, grad);
  }

 private:
  struct Walk {
    const Freezer& freezer;
    std::size_t& parameter;  // how many there were

    template <class T>
    void operator()(std::string_view, Role role, T&, T& grad) {
      if constexpr (is_tensor<T>)
        if (role != Role::buffer && parameter++ < freezer.released_) grad.release();
    }
    template <class Node>
    void operator()(std::string_view, Node& node, Node& grad) {
      const auto first = static_cast<std::ptrdiff_t>(parameter);
      visit_parts(*this, node, grad);
      if constexpr (requires { node.statistics; }) {
        const auto begin = freezer.frozen_.begin();
        const bool frozen =
            std::all_of(begin + first, begin + static_cast<std::ptrdiff_t>(parameter), [](bool f) { return f; });
        node.statistics =
            frozen && freezer.statistics_ == FrozenStatistics::hold ? Statistics::running : Statistics::batch;
      }
    }
  };

  std::vector<bool> frozen_;  // by parameter
  std::size_t released_ = 0;  // parameters, from the first on
  FrozenStatistics statistics_;
};

}  // namespace resnet
