// SPDX-License-Identifier: MIT
// The block of wide residual networks with dropout (Zagoruyko & Komodakis 2016, arXiv 1605.07146, figure 1d): a
// pre-activation block (blocks/preact_block.hpp), whose dropout follows the second ReLU. The names are those of
// xternalz/WideResNet-pytorch.
#pragma once

#include <resnet/blocks/preact_block.hpp>

namespace resnet {

template <int In, int Out, int Stride = 1, class B = Cpu>
struct WideBlock : PreActBlock<In, Out, Stride, B> {
  template <class Other>
  using on = WideBlock<In, Out, Stride, Other>;

  static constexpr void visit(auto&& f, auto&... self) { WideBlock::visit_as("convShortcut", f, self...); }
};

}  // namespace resnet
