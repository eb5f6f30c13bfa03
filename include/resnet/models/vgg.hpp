// SPDX-License-Identifier: MIT
// VGG (Simonyan & Zisserman 2014, arXiv 1409.1556) with torchvision's names; Block is ConvReLU, or
// ConvNormReLU for the networks with BatchNorm (torchvision's vgg16_bn).
//   features: five stages of 3×3 convolutions (Width, 2·, 4·, 8·, 8·Width channels), each halving the image
//   classifier, ImageNet form: 64·Width, 64·Width with dropout, classes; on images of 224×224
//               CIFAR form: one Linear, as in kuangliu/pytorch-cifar; on images of 32×32, whose map is one
//               pixel
#pragma once

#include <resnet/blocks/conv_stage.hpp>
#include <resnet/blocks/five_stages.hpp>
#include <resnet/blocks/hidden_classifier.hpp>
#include <resnet/models/features_classifier.hpp>
#include <resnet/models/form.hpp>

namespace resnet {

/// The number of convolutions in each of the five stages.
struct VggDepths {
  int stage1, stage2, stage3, stage4, stage5;
};

template <template <int, int, int, class> class Block, VggDepths D, int Width, class B>
struct VggStages {
  using Backend = B;
  template <class Other>
  using on = VggStages<Block, D, Width, Other>;

  using Stage1 = ConvStage<Block, 3, Width, D.stage1, B>;
  using Stage2 = ConvStage<Block, Width, 2 * Width, D.stage2, B>;
  using Stage3 = ConvStage<Block, 2 * Width, 4 * Width, D.stage3, B>;
  using Stage4 = ConvStage<Block, 4 * Width, 8 * Width, D.stage4, B>;
  using Stage5 = ConvStage<Block, 8 * Width, 8 * Width, D.stage5, B>;
};

template <Form F, int Width, int Classes, class B>
using VggClassifier =
    std::conditional_t<F == Form::cifar, Linear<8 * Width, Classes, B>,
                       HiddenClassifier<LinearReLUDropout, 8 * Width * 7 * 7, 64 * Width, Classes, B>>;

template <template <int, int, int, class> class Block, VggDepths D, Form F, int Width, int Classes, class B>
struct VGG : FeaturesClassifier<FiveStages<VggStages<Block, D, Width, B>>, VggClassifier<F, Width, Classes, B>> {
  template <class Other>
  using on = VGG<Block, D, F, Width, Classes, Other>;
};

}  // namespace resnet
