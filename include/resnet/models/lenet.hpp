// SPDX-License-Identifier: MIT
// LeNet-5 (LeCun et al. 1998, "Gradient-based learning applied to document recognition") in the form of
// PyTorch's CIFAR-10 tutorial, with its names: ReLU and max-pooling instead of the paper's scaled tanh and
// trained averages.
//   conv1 5×5, 6 channels -> pool -> conv2 5×5, 16 channels -> pool -> fc1, 120 -> fc2, 84 -> fc3
// Images of 32×32 pixels with Padding 0, of 28×28 with Padding 2.
#pragma once

#include <resnet/compose/chain.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/flatten.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/layers/pooling.hpp>
#include <resnet/layers/relu.hpp>

namespace resnet {

template <int Channels, int Padding, int Classes, class B>
struct LeNet : Chain<LeNet<Channels, Padding, Classes, B>> {
  Conv2d<Channels, 6, 5, 1, B, Padding, true> conv1;
  ReLU<B> relu1;
  MaxPool2d<2, 2, 0, B> pool1;
  Conv2d<6, 16, 5, 1, B, 0, true> conv2;
  ReLU<B> relu2;
  MaxPool2d<2, 2, 0, B> pool2;
  Flatten<B> flatten;
  Linear<16 * 5 * 5, 120, B> fc1;
  ReLU<B> relu3;
  Linear<120, 84, B> fc2;
  ReLU<B> relu4;
  Linear<84, Classes, B> fc3;

  using Backend = B;
  template <class Other>
  using on = LeNet<Channels, Padding, Classes, Other>;

  static constexpr auto parts() {
    using Net = LeNet;
    return std::tuple(part("conv1", &Net::conv1), part("relu1", &Net::relu1), part("pool1", &Net::pool1),
                      part("conv2", &Net::conv2), part("relu2", &Net::relu2), part("pool2", &Net::pool2),
                      part("flatten", &Net::flatten), part("fc1", &Net::fc1), part("relu3", &Net::relu3),
                      part("fc2", &Net::fc2), part("relu4", &Net::relu4), part("fc3", &Net::fc3));
  }
};

}  // namespace resnet
