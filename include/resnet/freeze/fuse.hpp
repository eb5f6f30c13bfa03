// SPDX-License-Identifier: MIT
// Makes operations part of the convolution before them. BatchNorm with fixed statistics is a factor and a
// summand per channel (Jacob et al. 2018, arXiv 1712.05877, section 3.2); additions and ReLU become what
// happens to a result before it leaves the registers.
#pragma once

#include <resnet/freeze/recorder.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

namespace resnet::inline RESNET_ISA::frozen {

/// w ← w · gain, b ← (b - mean) · gain + bias, with gain = weight / √(var + eps).
inline void fold(const Operation& norm, Operation& conv) {
  const std::size_t channels = norm.weight.size(), taps = conv.weight.size() / channels;
  conv.bias.resize(channels);
  for (std::size_t o = 0; o < channels; ++o) {
    const double gain = norm.weight[o] / std::sqrt(norm.var[o] + norm.eps);
    for (std::size_t i = o * taps; i < (o + 1) * taps; ++i) conv.weight[i] = static_cast<float>(conv.weight[i] * gain);
    conv.bias[o] = static_cast<float>((static_cast<double>(conv.bias[o]) - norm.mean[o]) * gain + norm.bias[o]);
  }
}

/// `first` followed by `next`, as one operation, if there is one. `next` is the only reader of first.y.
inline std::optional<Operation> fused(const Operation& first, const Operation& next) {
  using Kind = Operation::Kind;
  if (first.relu || (first.kind != Kind::conv2d && first.kind != Kind::batch_norm)) return {};
  Operation both = first;
  both.y = next.y;
  both.relu = next.relu;
  if (next.kind == Kind::batch_norm && next.x == first.y && first.kind == Kind::conv2d && first.other == none) {
    fold(next, both);
    both.other = next.other;
  } else if (next.kind == Kind::add && first.other == none) {
    both.other = next.x == first.y ? next.other : next.x;
  } else if (next.kind == Kind::relu) {
    both.relu = true;
  } else {
    return {};
  }
  return both;
}

/// Fuses what can be fused. The result stands where the second operation stood: by then all operands exist.
inline void fuse(Program& program) {
  auto& ops = program.operations;
  const auto only_reader_of = [&](Value v) {  // the operation that made v, or the end if others read v too
    std::ptrdiff_t readers = v == program.output;
    for (const Operation& op : ops) readers += (op.x == v) + (op.other == v);
    return readers == 1 ? std::find_if(ops.begin(), ops.end(), [v](const Operation& op) { return op.y == v; })
                        : ops.end();
  };
  const auto fuse_at = [&](Operation& next) {
    for (const Value v : {next.x, next.other})
      if (const auto first = only_reader_of(v); first != ops.end())
        if (auto both = fused(*first, next)) {
          next = std::move(*both);
          ops.erase(first);
          return true;
        }
    return false;
  };
  for (std::size_t i = 0; i < ops.size();) fuse_at(ops[i]) ? --i : ++i;
}

}  // namespace resnet::inline RESNET_ISA::frozen
