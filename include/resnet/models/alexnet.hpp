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

#include <resnet/blocks/five_stages.hpp>
#include <resnet/blocks/hidden_classifier.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/pooling.hpp>
#include <resnet/models/features_classifier.hpp>
#include <resnet/models/form.hpp>

namespace resnet {

template <Form F, int Width, class B>
struct AlexNetStages {
  using Backend = B;
  template <class Other>
  using on = AlexNetStages<F, Width, Other>;

  static constexpr int padding = F == Form::cifar ? 5 : 2, window = F == Form::cifar ? 2 : 3;
  using MaxPool = MaxPool2d<window, 2, 0, B>;
  using Stage1 = Sequential<Conv2d<3, Width, 11, 4, B, padding, true>, ReLU<B>, MaxPool>;
  using Stage2 = Sequential<Conv2d<Width, 3 * Width, 5, 1, B, 2, true>, ReLU<B>, MaxPool>;
  using Stage3 = Sequential<Conv2d<3 * Width, 6 * Width, 3, 1, B, 1, true>, ReLU<B>>;
  using Stage4 = Sequential<Conv2d<6 * Width, 4 * Width, 3, 1, B, 1, true>, ReLU<B>>;
  using Stage5 = Sequential<Conv2d<4 * Width, 4 * Width, 3, 1, B, 1, true>, ReLU<B>, MaxPool>;
};

template <Form F, int Width, int Classes, class B>
using AlexNetClassifier =
    std::conditional_t<F == Form::cifar, Linear<4 * Width, Classes, B>,
                       HiddenClassifier<DropoutLinearReLU, 4 * Width * 6 * 6, 64 * Width, Classes, B>>;

template <Form F, int Width, int Classes, class B>
struct AlexNetModel
    : FeaturesClassifier<FiveStages<AlexNetStages<F, Width, B>>, AlexNetClassifier<F, Width, Classes, B>> {
  template <class Other>
  using on = AlexNetModel<F, Width, Classes, Other>;
};

}  // namespace resnet
