// SPDX-License-Identifier: MIT
// The classifier of AlexNet and VGG: two hidden layers with ReLU and dropout, and the logits.
//   (In, 1, 1) -> (Width, 1, 1) -> (Width, 1, 1) -> (Classes, 1, 1)
// Its layers are named as those of one nn.Sequential of seven.
#pragma once

#include <resnet/compose/chain.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/layers/dropout.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/layers/relu.hpp>

namespace resnet {

/// VGG's hidden layer, and AlexNet's.
template <int In, int Out, class B>
using LinearReLUDropout = Sequential<Linear<In, Out, B>, ReLU<B>, Dropout<B>>;
template <int In, int Out, class B>
using DropoutLinearReLU = Sequential<Dropout<B>, Linear<In, Out, B>, ReLU<B>>;

template <template <int, int, class> class Hidden, int In, int Width, int Classes, class B = Cpu>
struct HiddenClassifier : Chain<HiddenClassifier<Hidden, In, Width, Classes, B>> {
  using Hidden1 = Hidden<In, Width, B>;
  using Hidden2 = Hidden<Width, Width, B>;

  Hidden1 hidden1;
  Hidden2 hidden2;
  Linear<Width, Classes, B> output;

  using Backend = B;
  template <class Other>
  using on = HiddenClassifier<Hidden, In, Width, Classes, Other>;

  static constexpr auto parts() {
    using Net = HiddenClassifier;
    return std::tuple(part("hidden1", &Net::hidden1), part("hidden2", &Net::hidden2), part("output", &Net::output));
  }
  static constexpr void visit(auto&& f, auto&... self) {
    Hidden1::visit_from(0, f, HiddenClassifier::template at<0>(self)...);
    Hidden2::visit_from(3, f, HiddenClassifier::template at<1>(self)...);
    f("6", HiddenClassifier::template at<2>(self)...);
  }
};

}  // namespace resnet
