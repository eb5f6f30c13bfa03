// SPDX-License-Identifier: MIT
// Small networks for CIFAR images (3×32×32) that others are compared with.
//   SimpleMLP  fc1, 64 with ReLU -> fc2
//   SimpleCNN  TensorFlow's CIFAR-10 tutorial: conv1, conv2, conv3, 3×3 without padding, 32, 64 and 64 channels with
//              ReLU, 2×2 max-pooling between them -> fc1, 64 with ReLU -> fc2
//   ConvNet    three stages of VGG with BatchNorm, two convolutions of 64, 128 and 256 channels each -> global
//              average pooling -> dropout -> fc
#pragma once

#include <resnet/blocks/conv_stage.hpp>
#include <resnet/blocks/five_stages.hpp>
#include <resnet/layers/dropout.hpp>
#include <resnet/layers/flatten.hpp>
#include <resnet/layers/linear.hpp>

namespace resnet {

template <int Hidden, int Classes, class B>
struct MLP {
  using Linear1 = Linear<3 * 32 * 32, Hidden, B>;
  using Linear2 = Linear<Hidden, Classes, B>;

  Flatten<B> flatten;
  Linear1 fc1;
  ReLU<B> relu;
  Linear2 fc2;

  using Backend = B;
  template <class Other>
  using on = MLP<Hidden, Classes, Other>;

  static constexpr Shape out(Shape) { return {Classes}; }

  template <Shape S>
  struct Saved {
    static constexpr Shape flat = Flatten<B>::out(S);
    static constexpr Shape mid = {Hidden};
    SavedOf<Flatten<B>, S> flatten;
    SavedOf<Linear1, flat> fc1;
    SavedOf<ReLU<B>, mid> relu;
    SavedOf<Linear2, mid> fc2;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto flat = flatten.forward(ctx, std::move(x), saved.flatten);
    auto y = fc1.forward(ctx, std::move(flat), saved.fc1);
    y = relu.forward(ctx, std::move(y), saved.relu);
    return fc2.forward(ctx, std::move(y), saved.fc2);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto y = fc1.infer(ctx, flatten.infer(ctx, std::move(x)));
    return fc2.infer(ctx, relu.infer(ctx, std::move(y)));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, MLP& grad) const {
    auto dmid = backward_to_fc1(ctx, std::move(dy), saved, grad);
    auto dflat = fc1.backward(ctx, std::move(dmid), saved.fc1, grad.fc1);
    return flatten.backward(ctx, std::move(dflat), saved.flatten, grad.flatten);
  }

  template <Shape S>
  constexpr void backward_parameters(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, MLP& grad) const {
    auto dmid = backward_to_fc1(ctx, std::move(dy), saved, grad);
    fc1.backward_weight(ctx, dmid, saved.fc1, grad.fc1);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("fc1", self.fc1...);
    f("fc2", self.fc2...);
  }

 private:
  template <Shape S>
  constexpr auto backward_to_fc1(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, MLP& grad) const {
    auto dmid = fc2.backward(ctx, std::move(dy), saved.fc2, grad.fc2);
    return relu.backward(ctx, std::move(dmid), saved.relu, grad.relu);
  }
};

template <int Width, int Classes, class B>
struct SimpleCNNStages {
  using Backend = B;
  template <class Other>
  using on = SimpleCNNStages<Width, Classes, Other>;

  using Stage1 = Sequential<Conv2d<3, Width, 3, 1, B, 0, true>, ReLU<B>, MaxPool2d<2, 2, 0, B>>;
  using Stage2 = Sequential<Conv2d<Width, 2 * Width, 3, 1, B, 0, true>, ReLU<B>, MaxPool2d<2, 2, 0, B>>;
  using Stage3 = Sequential<Conv2d<2 * Width, 2 * Width, 3, 1, B, 0, true>, ReLU<B>, Flatten<B>>;
  using Stage4 = Sequential<Linear<2 * Width * 4 * 4, 2 * Width, B>, ReLU<B>>;
  using Stage5 = Linear<2 * Width, Classes, B>;
};

template <int Width, int Classes, class B>
struct SimpleCNNModel : FiveStages<SimpleCNNStages<Width, Classes, B>> {
  template <class Other>
  using on = SimpleCNNModel<Width, Classes, Other>;

  static constexpr void visit(auto&& f, auto&... self) {
    f("conv1", std::get<0>(self.stage1.layers)...);
    f("conv2", std::get<0>(self.stage2.layers)...);
    f("conv3", std::get<0>(self.stage3.layers)...);
    f("fc1", std::get<0>(self.stage4.layers)...);
    f("fc2", self.stage5...);
  }
};

template <int Width, int Classes, class B>
struct ConvNetStages {
  using Backend = B;
  template <class Other>
  using on = ConvNetStages<Width, Classes, Other>;

  using Stage1 = ConvStage<ConvNormReLU, 3, Width, 2, B>;
  using Stage2 = ConvStage<ConvNormReLU, Width, 2 * Width, 2, B>;
  using Stage3 = ConvStage<ConvNormReLU, 2 * Width, 4 * Width, 2, B>;
  using Stage4 = Sequential<GlobalAvgPool2d<B>, Dropout<B>>;
  using Stage5 = Linear<4 * Width, Classes, B>;
};

template <int Width, int Classes, class B>
struct ConvNetModel : FiveStages<ConvNetStages<Width, Classes, B>> {
  template <class Other>
  using on = ConvNetModel<Width, Classes, Other>;

  static constexpr void visit(auto&& f, auto&... self) {
    f("stage1", self.stage1...);
    f("stage2", self.stage2...);
    f("stage3", self.stage3...);
    f("dropout", std::get<1>(self.stage4.layers)...);
    f("fc", self.stage5...);
  }
};

}  // namespace resnet
