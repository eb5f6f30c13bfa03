// SPDX-License-Identifier: MIT
// VGG (Simonyan & Zisserman 2014, arXiv 1409.1556) with torchvision's names; Block is ConvReLU, or
// ConvNormReLU for the networks with BatchNorm (torchvision's vgg16_bn).
//   features: five stages of 3×3 convolutions (Width, 2·, 4·, 8·, 8·Width channels), each halving the image
//   classifier, ImageNet form: 64·Width, 64·Width with dropout, classes; on images of 224×224
//               CIFAR form: one Linear, as in kuangliu/pytorch-cifar; on images of 32×32, whose map is one
//               pixel
#pragma once

#include <resnet/blocks/conv_stage.hpp>
#include <resnet/blocks/hidden_classifier.hpp>
#include <resnet/layers/flatten.hpp>
#include <resnet/models/form.hpp>

namespace resnet {

/// The number of convolutions in each of the five stages.
struct VggDepths {
  int stage1, stage2, stage3, stage4, stage5;
};

template <template <int, int, int, class> class Block, VggDepths D, int Width, class B>
struct VggFeatures : Chain<VggFeatures<Block, D, Width, B>> {
  using Stage1 = ConvStage<Block, 3, Width, D.stage1, B>;
  using Stage2 = ConvStage<Block, Width, 2 * Width, D.stage2, B>;
  using Stage3 = ConvStage<Block, 2 * Width, 4 * Width, D.stage3, B>;
  using Stage4 = ConvStage<Block, 4 * Width, 8 * Width, D.stage4, B>;
  using Stage5 = ConvStage<Block, 8 * Width, 8 * Width, D.stage5, B>;

  Stage1 stage1;
  Stage2 stage2;
  Stage3 stage3;
  Stage4 stage4;
  Stage5 stage5;

  using Backend = B;
  template <class Other>
  using on = VggFeatures<Block, D, Width, Other>;

  static constexpr auto parts() {
    using Net = VggFeatures;
    return std::tuple(part("", &Net::stage1), part("", &Net::stage2), part("", &Net::stage3), part("", &Net::stage4),
                      part("", &Net::stage5));
  }
  /// The names are those of one nn.Sequential.
  static constexpr void visit(auto&& f, auto&... self) {
    constexpr std::size_t second = Stage1::layer_count, third = second + Stage2::layer_count,
                          fourth = third + Stage3::layer_count, fifth = fourth + Stage4::layer_count;
    Stage1::visit_from(0, f, VggFeatures::template at<0>(self)...);
    Stage2::visit_from(second, f, VggFeatures::template at<1>(self)...);
    Stage3::visit_from(third, f, VggFeatures::template at<2>(self)...);
    Stage4::visit_from(fourth, f, VggFeatures::template at<3>(self)...);
    Stage5::visit_from(fifth, f, VggFeatures::template at<4>(self)...);
  }
};

template <Form F, int Width, int Classes, class B>
using VggClassifier =
    std::conditional_t<F == Form::cifar, Linear<8 * Width, Classes, B>,
                       HiddenClassifier<LinearReLUDropout, 8 * Width * 7 * 7, 64 * Width, Classes, B>>;

template <template <int, int, int, class> class Block, VggDepths D, Form F, int Width, int Classes, class B>
struct VGG : Chain<VGG<Block, D, F, Width, Classes, B>> {
  VggFeatures<Block, D, Width, B> features;
  Flatten<B> flatten;
  VggClassifier<F, Width, Classes, B> classifier;

  using Backend = B;
  template <class Other>
  using on = VGG<Block, D, F, Width, Classes, Other>;

  static constexpr auto parts() {
    using Net = VGG;
    return std::tuple(part("features", &Net::features), part("flatten", &Net::flatten),
                      part("classifier", &Net::classifier));
  }
};

}  // namespace resnet
