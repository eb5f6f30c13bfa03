// SPDX-License-Identifier: MIT
// The classifier of AlexNet and VGG: two hidden layers with ReLU and dropout, and the logits.
//   (In, 1, 1) -> (Width, 1, 1) -> (Width, 1, 1) -> (Classes, 1, 1)
// Its layers are named as those of one nn.Sequential of seven.
#pragma once

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
struct HiddenClassifier {
  using Hidden1 = Hidden<In, Width, B>;
  using Hidden2 = Hidden<Width, Width, B>;
  using Output = Linear<Width, Classes, B>;

  Hidden1 hidden1;
  Hidden2 hidden2;
  Output output;

  using Backend = B;
  template <class Other>
  using on = HiddenClassifier<Hidden, In, Width, Classes, Other>;

  static constexpr Shape out(Shape) { return {Classes}; }

  template <Shape S>
  struct Saved {
    static constexpr Shape mid = {Width};
    SavedOf<Hidden1, S> hidden1;
    SavedOf<Hidden2, mid> hidden2;
    SavedOf<Output, mid> output;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto y1 = hidden1.forward(ctx, std::move(x), saved.hidden1);
    auto y2 = hidden2.forward(ctx, std::move(y1), saved.hidden2);
    return output.forward(ctx, std::move(y2), saved.output);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto y1 = hidden1.infer(ctx, std::move(x));
    auto y2 = hidden2.infer(ctx, std::move(y1));
    return output.infer(ctx, std::move(y2));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, HiddenClassifier& grad) const {
    auto dy2 = output.backward(ctx, std::move(dy), saved.output, grad.output);
    auto dy1 = hidden2.backward(ctx, std::move(dy2), saved.hidden2, grad.hidden2);
    return hidden1.backward(ctx, std::move(dy1), saved.hidden1, grad.hidden1);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    Hidden1::visit_from(0, f, self.hidden1...);
    Hidden2::visit_from(3, f, self.hidden2...);
    f("6", self.output...);
  }
};

}  // namespace resnet
