// SPDX-License-Identifier: MIT
// LeNet-5 (LeCun et al. 1998, "Gradient-based learning applied to document recognition") in the form of
// PyTorch's CIFAR-10 tutorial, with its names: ReLU and max-pooling instead of the paper's scaled tanh and
// trained averages.
//   conv1 5×5, 6 channels -> pool -> conv2 5×5, 16 channels -> pool -> fc1, 120 -> fc2, 84 -> fc3
// Images of 32×32 pixels with Padding 0, of 28×28 with Padding 2.
#pragma once

#include <resnet/blocks/five_stages.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/flatten.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/layers/pooling.hpp>
#include <resnet/layers/relu.hpp>

namespace resnet {

template <int Channels, int Padding, int Classes, class B>
struct LeNetStages {
  using Backend = B;
  template <class Other>
  using on = LeNetStages<Channels, Padding, Classes, Other>;

  using Stage1 = Sequential<Conv2d<Channels, 6, 5, 1, B, Padding, true>, ReLU<B>, MaxPool2d<2, 2, 0, B>>;
  using Stage2 = Sequential<Conv2d<6, 16, 5, 1, B, 0, true>, ReLU<B>, MaxPool2d<2, 2, 0, B>, Flatten<B>>;
  using Stage3 = Sequential<Linear<16 * 5 * 5, 120, B>, ReLU<B>>;
  using Stage4 = Sequential<Linear<120, 84, B>, ReLU<B>>;
  using Stage5 = Linear<84, Classes, B>;
};

template <int Channels, int Padding, int Classes, class B>
struct LeNet : FiveStages<LeNetStages<Channels, Padding, Classes, B>> {
  template <class Other>
  using on = LeNet<Channels, Padding, Classes, Other>;

  static constexpr void visit(auto&& f, auto&... self) {
    f("conv1", std::get<0>(self.stage1.layers)...);
    f("conv2", std::get<0>(self.stage2.layers)...);
    f("fc1", std::get<0>(self.stage3.layers)...);
    f("fc2", std::get<0>(self.stage4.layers)...);
    f("fc3", self.stage5...);
  }
};

}  // namespace resnet
