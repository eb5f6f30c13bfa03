// SPDX-License-Identifier: MIT
// Makes operations part of the convolution before them. BatchNorm with fixed statistics is a factor and a
// summand per channel (Jacob et al. 2018, arXiv 1712.05877, section 3.2); additions and ReLU become what
// happens to a result before it leaves the registers.
#pragma once

#include <resnet/program/program.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

namespace resnet::program {

/// w ← w · gain, b ← (b - mean) · gain + bias, with gain = weight / √(var + eps).
inline void fold(const Step& norm, double eps, Step& conv) {
  const auto values = [&](std::string_view name) { return norm[name].constant->values.data(); };
  const float *weight = values("weight"), *bias = values("bias"), *mean = values("running_mean"),
              *var = values("running_var");
  auto w = std::make_shared<Constant>(*conv["weight"].constant), b = std::make_shared<Constant>();
  const std::size_t channels = norm["weight"].constant->values.size(), taps = w->values.size() / channels;
  if (conv["bias"].constant) *b = *conv["bias"].constant;
  b->values.resize(channels);
  for (std::size_t o = 0; o < channels; ++o) {
    const double gain = weight[o] / std::sqrt(var[o] + eps);
    for (std::size_t i = o * taps; i < (o + 1) * taps; ++i) w->values[i] = static_cast<float>(w->values[i] * gain);
    b->values[o] = static_cast<float>((static_cast<double>(b->values[o]) - mean[o]) * gain + bias[o]);
  }
  conv["weight"].constant = std::move(w);
  conv["bias"].constant = std::move(b);
}

/// `first` followed by `next`, as one step, if there is one. `next` is the only reader of what `first` writes.
inline std::optional<Step> fused(const Step& first, const Step& next) {
  Step both = first;
  auto* const conv = std::get_if<op::Conv2d<float, float>>(&both.operation);
  auto* const norm = std::get_if<op::BatchNormInfer<float, float>>(&both.operation);
  if (!conv && !norm) return {};
  op::Activation& activation = conv ? conv->activation : norm->activation;
  const bool adds = first["skip"].value != none;
  if (activation != op::Activation::none) return {};
  if (const auto* after = std::get_if<op::BatchNormInfer<float, float>>(&next.operation);
      after && conv && !adds && next["x"].value == first.y()) {
    fold(next, after->eps, both);
    both["skip"] = next["skip"];
    activation = after->activation;
  } else if (next.is<op::Add>() && !adds) {
    both["skip"] = next["a"].value == first.y() ? next["b"] : next["a"];
  } else if (next.is<op::Relu>()) {
    activation = op::Activation::relu;
  } else {
    return {};
  }
  both["y"] = next["y"];
  return both;
}

/// Fuses what can be fused. The result stands where the second step stood: by then all operands exist.
inline void fuse(Program& program) {
  auto& steps = program.steps;
  const auto only_reader_of = [&](Value v) {  // the step that made v, or the end if others read v too
    std::ptrdiff_t readers = v == program.output;
    for (const Step& step : steps)
      for (const Step::Read& read : step.reads()) readers += read.value == v;
    return readers == 1 ? std::find_if(steps.begin(), steps.end(), [v](const Step& step) { return step.y() == v; })
                        : steps.end();
  };
  const auto fuse_at = [&](Step& next) {
    for (const auto [v, in_place] : next.reads())
      if (const auto first = only_reader_of(v); first != steps.end())
        if (auto both = fused(*first, next)) {
          next = std::move(*both);
          steps.erase(first);
          return true;
        }
    return false;
  };
  for (std::size_t i = 0; i < steps.size();) fuse_at(steps[i]) ? --i : ++i;
}

}  // namespace resnet::program
