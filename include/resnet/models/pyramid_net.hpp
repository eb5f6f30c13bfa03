// SPDX-License-Identifier: MIT
// Additive pyramidal residual networks for CIFAR (Han et al. 2017, arXiv 1610.02915) with the member names of
// dyhan0920/PyramidNet-PyTorch. Each of the (Depth - 2) / 2 blocks is wider than the one before:
//   block k = 1, …, K puts out Width + k·Alpha / K channels, rounded as there
//   stem -> BatchNorm -> layer1 … layer3 (K / 3 blocks each, halving the image from layer2 on) -> BatchNorm, ReLU
//        -> global average pooling -> fc
#pragma once

#include <resnet/blocks/pyramid_block.hpp>
#include <resnet/layers/linear.hpp>

namespace resnet {

/// Width + k·Alpha / K as the original's Python has it: added step by step in double, then the nearest integer, halves to
/// the even one. What exact arithmetic makes a half lies on either side of it here.
template <int Depth, int Alpha, int Width>
constexpr int pyramid_width(int k) {
  constexpr double step = static_cast<double>(Alpha) / ((Depth - 2) / 2);
  double width = Width;
  for (int i = 0; i < k; ++i) width += step;
  const int below = static_cast<int>(width);
  const double rest = width - below;
  return below + (rest > 0.5 || (rest == 0.5 && below % 2 != 0));
}

/// Block K and those behind it in its stage. A chain of named types instead of a list of all of them: that keeps
/// symbols short.
template <int K, int Depth, int Alpha, int Width, class B>
struct PyramidStage {
  static constexpr int per_stage = (Depth - 2) / 6;
  static constexpr int index = (K - 1) % per_stage;
  static constexpr int in = pyramid_width<Depth, Alpha, Width>(K - 1);
  static constexpr int width = pyramid_width<Depth, Alpha, Width>(K);
  static constexpr int stride = K > 1 && index == 0 ? 2 : 1;
  using Block = PyramidBlock<in, width, stride, B>;
  using Rest = std::conditional_t<index == per_stage - 1, Identity<B>, PyramidStage<K + 1, Depth, Alpha, Width, B>>;

  Block block;
  Rest rest;

  using Backend = B;
  template <class Other>
  using on = PyramidStage<K, Depth, Alpha, Width, Other>;

  static constexpr Shape out(Shape in) { return Rest::out(Block::out(in)); }

  template <Shape S>
  struct Saved {
    static constexpr Shape mid = Block::out(S);
    SavedOf<Block, S> block;
    SavedOf<Rest, mid> rest;
  };

  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    return rest.forward(ctx, block.forward(ctx, std::move(x), saved.block), saved.rest);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    return rest.infer(ctx, block.infer(ctx, std::move(x)));
  }

  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, PyramidStage& grad) const {
    auto dmid = rest.backward(ctx, std::move(dy), saved.rest, grad.rest);
    return block.backward(ctx, std::move(dmid), saved.block, grad.block);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f(IndexName(index), self.block...);
    Rest::visit(f, self.rest...);
  }
};

template <int Depth, int Alpha, int Width, int Classes, class B>
struct PyramidNet {
  static_assert(Depth >= 8 && (Depth - 2) % 6 == 0, "a PyramidNet of basic blocks has 6·n + 2 layers");
  static constexpr int per_stage = (Depth - 2) / 6;
  using Stem = Conv2d<3, Width, 3, 1, B>;
  using Norm = BatchNorm2d<Width, B>;
  using Layer1 = PyramidStage<1, Depth, Alpha, Width, B>;
  using Layer2 = PyramidStage<per_stage + 1, Depth, Alpha, Width, B>;
  using Layer3 = PyramidStage<2 * per_stage + 1, Depth, Alpha, Width, B>;
  static constexpr int final_width = pyramid_width<Depth, Alpha, Width>(3 * per_stage);
  using FinalNorm = BatchNormReLU<final_width, B>;
  using Head = Linear<final_width, Classes, B>;

  Stem conv1;
  Norm bn1;
  Layer1 layer1;
  Layer2 layer2;
  Layer3 layer3;
  FinalNorm bn_final;
  GlobalAvgPool2d<B> avgpool;
  Head fc;

  using Backend = B;
  template <class Other>
  using on = PyramidNet<Depth, Alpha, Width, Classes, Other>;

  static constexpr Shape out(Shape) { return {Classes}; }

  template <Shape S>
  struct Saved {
    static constexpr Shape s0 = Stem::out(S);
    static constexpr Shape s1 = Layer1::out(s0);
    static constexpr Shape s2 = Layer2::out(s1);
    static constexpr Shape s3 = Layer3::out(s2);
    static constexpr Shape features = {s3.c};
    SavedOf<Stem, S> conv1;
    SavedOf<Norm, s0> bn1;
    SavedOf<Layer1, s0> layer1;
    SavedOf<Layer2, s1> layer2;
    SavedOf<Layer3, s2> layer3;
    SavedOf<FinalNorm, s3> bn_final;
    SavedOf<GlobalAvgPool2d<B>, s3> avgpool;
    SavedOf<Head, features> fc;
  };

  /// Images (n, h, w, 3) to logits (n, Classes).
  template <Shape S>
  constexpr auto forward(Context<B>& ctx, Batch<S, B> x, Saved<S>& saved) {
    auto y0 = conv1.forward(ctx, std::move(x), saved.conv1);
    y0 = bn1.forward(ctx, std::move(y0), saved.bn1);
    auto y1 = layer1.forward(ctx, std::move(y0), saved.layer1);
    auto y2 = layer2.forward(ctx, std::move(y1), saved.layer2);
    auto y3 = layer3.forward(ctx, std::move(y2), saved.layer3);
    y3 = bn_final.forward(ctx, std::move(y3), saved.bn_final);
    auto features = avgpool.forward(ctx, std::move(y3), saved.avgpool);
    return fc.forward(ctx, std::move(features), saved.fc);
  }

  template <Shape S>
  constexpr auto infer(Context<B>& ctx, Batch<S, B> x) const {
    auto y0 = conv1.infer(ctx, std::move(x));
    y0 = bn1.infer(ctx, std::move(y0));
    auto y1 = layer1.infer(ctx, std::move(y0));
    auto y2 = layer2.infer(ctx, std::move(y1));
    auto y3 = layer3.infer(ctx, std::move(y2));
    y3 = bn_final.infer(ctx, std::move(y3));
    return fc.infer(ctx, avgpool.infer(ctx, std::move(y3)));
  }

  /// The gradient of the loss with respect to the images; adds those of the parameters to `grad`.
  template <Shape S>
  constexpr Batch<S, B> backward(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, PyramidNet& grad) const {
    auto dy0 = backward_to_stem(ctx, std::move(dy), saved, grad);
    return conv1.backward(ctx, std::move(dy0), saved.conv1, grad.conv1);
  }

  /// The same without the images' gradient, which training doesn't need.
  template <Shape S>
  constexpr void backward_parameters(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, PyramidNet& grad) const {
    auto dy0 = backward_to_stem(ctx, std::move(dy), saved, grad);
    conv1.backward_weight(ctx, dy0, saved.conv1, grad.conv1);
  }

  static constexpr void visit(auto&& f, auto&... self) {
    f("conv1", self.conv1...);
    f("bn1", self.bn1...);
    f("layer1", self.layer1...);
    f("layer2", self.layer2...);
    f("layer3", self.layer3...);
    f("bn_final", self.bn_final...);
    f("avgpool", self.avgpool...);
    f("fc", self.fc...);
  }

 private:
  template <Shape S>
  constexpr auto backward_to_stem(Context<B>& ctx, Batch<out(S), B> dy, Saved<S>& saved, PyramidNet& grad) const {
    auto dfeatures = fc.backward(ctx, std::move(dy), saved.fc, grad.fc);
    auto dy3 = avgpool.backward(ctx, std::move(dfeatures), saved.avgpool, grad.avgpool);
    dy3 = bn_final.backward(ctx, std::move(dy3), saved.bn_final, grad.bn_final);
    auto dy2 = layer3.backward(ctx, std::move(dy3), saved.layer3, grad.layer3);
    auto dy1 = layer2.backward(ctx, std::move(dy2), saved.layer2, grad.layer2);
    auto dy0 = layer1.backward(ctx, std::move(dy1), saved.layer1, grad.layer1);
    return bn1.backward(ctx, std::move(dy0), saved.bn1, grad.bn1);
  }
};

}  // namespace resnet
