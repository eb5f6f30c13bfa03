// SPDX-License-Identifier: MIT
// Whether a model has been given values: a new one's weights are 0, and it would neither learn nor tell
// anything.
#pragma once

#include <resnet/core/backend.hpp>
#include <resnet/core/visit.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace resnet {

/// Throws Error, which begins with `who`, if all weights of the model are 0. With a single weight tensor that
/// is a start like any other: only weights between weights need to differ.
template <class Model>
void require_initialised(std::string_view who, const Model& model) {
  using B = typename Model::Backend;
  int tensors = 0;
  bool zero = true;  // the first tensor of an initialised model settles it
  for_each_parameter(
      [&](std::string_view, Role role, const auto& w) {
        if (role != Role::weight) return;
        ++tensors;
        if (!zero) return;
        std::vector<typename B::Scalar> values(w.size());
        B::download(values.size(), w.data(), values.data());
        zero = std::all_of(values.begin(), values.end(), [](auto value) { return value == 0; });
      },
      model);
  if (zero && tensors > 1)
    throw Error(std::string(who) + ": all " + std::to_string(tensors) +
                " weight tensors of the model are 0: call initialize, load_weights or resume first");
}

}  // namespace resnet
