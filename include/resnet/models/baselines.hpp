// SPDX-License-Identifier: MIT
// Small networks for CIFAR images (3×32×32) that others are compared with.
//   SimpleMLP  fc1, 64 with ReLU -> fc2
//   SimpleCNN  TensorFlow's CIFAR-10 tutorial: conv1, conv2, conv3, 3×3 without padding, 32, 64 and 64 channels with
//              ReLU, 2×2 max-pooling between them -> fc1, 64 with ReLU -> fc2
//   ConvNet    three stages of VGG with BatchNorm, two convolutions of 64, 128 and 256 channels each -> global
//              average pooling -> dropout -> fc
#pragma once

#include <resnet/blocks/conv_stage.hpp>
#include <resnet/compose/chain.hpp>
#include <resnet/layers/dropout.hpp>
#include <resnet/layers/flatten.hpp>
#include <resnet/layers/linear.hpp>

namespace resnet {

template <int Hidden, int Classes, class B>
struct MLP : Chain<MLP<Hidden, Classes, B>> {
  Flatten<B> flatten;
  Linear<3 * 32 * 32, Hidden, B> fc1;
  ReLU<B> relu;
  Linear<Hidden, Classes, B> fc2;

  using Backend = B;
  template <class Other>
  using on = MLP<Hidden, Classes, Other>;

  static constexpr auto parts() {
    using Net = MLP;
    return std::tuple(part("flatten", &Net::flatten), part("fc1", &Net::fc1), part("relu", &Net::relu),
                      part("fc2", &Net::fc2));
  }
};

template <int Width, int Classes, class B>
struct SimpleCNNModel : Chain<SimpleCNNModel<Width, Classes, B>> {
  Conv2d<3, Width, 3, 1, B, 0, true> conv1;
  ReLU<B> relu1;
  MaxPool2d<2, 2, 0, B> pool1;
  Conv2d<Width, 2 * Width, 3, 1, B, 0, true> conv2;
  ReLU<B> relu2;
  MaxPool2d<2, 2, 0, B> pool2;
  Conv2d<2 * Width, 2 * Width, 3, 1, B, 0, true> conv3;
  ReLU<B> relu3;
  Flatten<B> flatten;
  Linear<2 * Width * 4 * 4, 2 * Width, B> fc1;
  ReLU<B> relu4;
  Linear<2 * Width, Classes, B> fc2;

  using Backend = B;
  template <class Other>
  using on = SimpleCNNModel<Width, Classes, Other>;

  static constexpr auto parts() {
    using Net = SimpleCNNModel;
    return std::tuple(part("conv1", &Net::conv1), part("relu1", &Net::relu1), part("pool1", &Net::pool1),
                      part("conv2", &Net::conv2), part("relu2", &Net::relu2), part("pool2", &Net::pool2),
                      part("conv3", &Net::conv3), part("relu3", &Net::relu3), part("flatten", &Net::flatten),
                      part("fc1", &Net::fc1), part("relu4", &Net::relu4), part("fc2", &Net::fc2));
  }
};

template <int Width, int Classes, class B>
struct ConvNetModel : Chain<ConvNetModel<Width, Classes, B>> {
  ConvStage<ConvNormReLU, 3, Width, 2, B> stage1;
  ConvStage<ConvNormReLU, Width, 2 * Width, 2, B> stage2;
  ConvStage<ConvNormReLU, 2 * Width, 4 * Width, 2, B> stage3;
  GlobalAvgPool2d<B> avgpool;
  Dropout<B> dropout;
  Linear<4 * Width, Classes, B> fc;

  using Backend = B;
  template <class Other>
  using on = ConvNetModel<Width, Classes, Other>;

  static constexpr auto parts() {
    using Net = ConvNetModel;
    return std::tuple(part("stage1", &Net::stage1), part("stage2", &Net::stage2), part("stage3", &Net::stage3),
                      part("avgpool", &Net::avgpool), part("dropout", &Net::dropout), part("fc", &Net::fc));
  }
};

}  // namespace resnet
