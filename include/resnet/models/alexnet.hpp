// SPDX-License-Identifier: MIT
// AlexNet with one tower (Krizhevsky 2014, arXiv 1404.5997), as torchvision has it, with its names.
//   features: five convolutions of Width, 3·, 6·, 4·, 4·Width channels with bias, each followed by ReLU;
//   max-pooling
//             after the first, second and fifth
//   classifier, ImageNet form: 64·Width, 64·Width with dropout, classes; on images of 224×224
//               CIFAR form: one Linear, as in bearpaw/pytorch-classification; on images of 32×32. There the
//               first convolution pads by 5 instead of 2, and max-pooling is 2×2 instead of 3×3: one pixel is
//               left
#pragma once

#include <resnet/blocks/hidden_classifier.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/flatten.hpp>
#include <resnet/layers/pooling.hpp>
#include <resnet/models/form.hpp>

namespace resnet {

template <Form F, int Width, class B>
struct AlexNetFeatures : Chain<AlexNetFeatures<F, Width, B>> {
  static constexpr int padding = F == Form::cifar ? 5 : 2, window = F == Form::cifar ? 2 : 3;

  Conv2d<3, Width, 11, 4, B, padding, true> conv1;
  ReLU<B> relu1;
  MaxPool2d<window, 2, 0, B> pool1;
  Conv2d<Width, 3 * Width, 5, 1, B, 2, true> conv2;
  ReLU<B> relu2;
  MaxPool2d<window, 2, 0, B> pool2;
  Conv2d<3 * Width, 6 * Width, 3, 1, B, 1, true> conv3;
  ReLU<B> relu3;
  Conv2d<6 * Width, 4 * Width, 3, 1, B, 1, true> conv4;
  ReLU<B> relu4;
  Conv2d<4 * Width, 4 * Width, 3, 1, B, 1, true> conv5;
  ReLU<B> relu5;
  MaxPool2d<window, 2, 0, B> pool5;

  using Backend = B;
  template <class Other>
  using on = AlexNetFeatures<F, Width, Other>;

  static constexpr auto parts() {
    using Net = AlexNetFeatures;
    return std::tuple(part("0", &Net::conv1), part("1", &Net::relu1), part("2", &Net::pool1), part("3", &Net::conv2),
                      part("4", &Net::relu2), part("5", &Net::pool2), part("6", &Net::conv3), part("7", &Net::relu3),
                      part("8", &Net::conv4), part("9", &Net::relu4), part("10", &Net::conv5), part("11", &Net::relu5),
                      part("12", &Net::pool5));
  }
};

template <Form F, int Width, int Classes, class B>
using AlexNetClassifier =
    std::conditional_t<F == Form::cifar, Linear<4 * Width, Classes, B>,
                       HiddenClassifier<DropoutLinearReLU, 4 * Width * 6 * 6, 64 * Width, Classes, B>>;

template <Form F, int Width, int Classes, class B>
struct AlexNetModel : Chain<AlexNetModel<F, Width, Classes, B>> {
  AlexNetFeatures<F, Width, B> features;
  Flatten<B> flatten;
  AlexNetClassifier<F, Width, Classes, B> classifier;

  using Backend = B;
  template <class Other>
  using on = AlexNetModel<F, Width, Classes, Other>;

  static constexpr auto parts() {
    using Net = AlexNetModel;
    return std::tuple(part("features", &Net::features), part("flatten", &Net::flatten),
                      part("classifier", &Net::classifier));
  }
};

}  // namespace resnet
