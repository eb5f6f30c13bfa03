// SPDX-License-Identifier: MIT
// Additive pyramidal residual networks for CIFAR (Han et al. 2017, arXiv 1610.02915) with the member names of
// dyhan0920/PyramidNet-PyTorch. Each of the (Depth - 2) / 2 blocks is wider than the one before:
//   block k = 1, …, K puts out Width + k·Alpha / K channels, rounded as there
//   stem -> BatchNorm -> layer1 … layer3 (K / 3 blocks each, halving the image from layer2 on) -> BatchNorm, ReLU
//        -> global average pooling -> fc
#pragma once

#include <resnet/blocks/pyramid_block.hpp>
#include <resnet/compose/chain.hpp>
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
struct PyramidStage : Chain<PyramidStage<K, Depth, Alpha, Width, B>> {
  static constexpr int per_stage = (Depth - 2) / 6;
  static constexpr int index = (K - 1) % per_stage;
  static constexpr int in = pyramid_width<Depth, Alpha, Width>(K - 1);
  static constexpr int width = pyramid_width<Depth, Alpha, Width>(K);
  static constexpr int stride = K > 1 && index == 0 ? 2 : 1;
  using Rest = std::conditional_t<index == per_stage - 1, Identity<B>, PyramidStage<K + 1, Depth, Alpha, Width, B>>;

  PyramidBlock<in, width, stride, B> block;
  Rest rest;

  using Backend = B;
  template <class Other>
  using on = PyramidStage<K, Depth, Alpha, Width, Other>;

  static constexpr auto parts() { return std::tuple(part("", &PyramidStage::block), part("", &PyramidStage::rest)); }
  static constexpr void visit(auto&& f, auto&... self) {
    f(IndexName(index), PyramidStage::template at<0>(self)...);
    Rest::visit(f, PyramidStage::template at<1>(self)...);
  }
};

template <int Depth, int Alpha, int Width, int Classes, class B>
struct PyramidNet : Chain<PyramidNet<Depth, Alpha, Width, Classes, B>> {
  static_assert(Depth >= 8 && (Depth - 2) % 6 == 0, "a PyramidNet of basic blocks has 6·n + 2 layers");
  static constexpr int per_stage = (Depth - 2) / 6;
  static constexpr int final_width = pyramid_width<Depth, Alpha, Width>(3 * per_stage);

  Conv2d<3, Width, 3, 1, B> conv1;
  BatchNorm2d<Width, B> bn1;
  PyramidStage<1, Depth, Alpha, Width, B> layer1;
  PyramidStage<per_stage + 1, Depth, Alpha, Width, B> layer2;
  PyramidStage<2 * per_stage + 1, Depth, Alpha, Width, B> layer3;
  BatchNormReLU<final_width, B> bn_final;
  GlobalAvgPool2d<B> avgpool;
  Linear<final_width, Classes, B> fc;

  using Backend = B;
  template <class Other>
  using on = PyramidNet<Depth, Alpha, Width, Classes, Other>;

  static constexpr auto parts() {
    using Net = PyramidNet;
    return std::tuple(part("conv1", &Net::conv1), part("bn1", &Net::bn1), part("layer1", &Net::layer1),
                      part("layer2", &Net::layer2), part("layer3", &Net::layer3), part("bn_final", &Net::bn_final),
                      part("avgpool", &Net::avgpool), part("fc", &Net::fc));
  }
};

}  // namespace resnet
