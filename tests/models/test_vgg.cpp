// SPDX-License-Identifier: MIT
#include <resnet/backend/plan/cost.hpp>
#include <resnet/vgg16.hpp>

#include "tests/models/check_model.hpp"

using namespace resnet;

// torchvision.models.vgg11() … vgg19_bn(); the CIFAR forms: those of kuangliu/pytorch-cifar.
static_assert(parameter_count<VGG16ImageNet<>> == 138'357'544 && parameter_count<VGG16BNImageNet<>> == 138'365'992);
static_assert(parameter_count<VGG16<>> == 14'719'818 && parameter_count<VGG16BN<>> == 14'728'266);

template <VggDepths D>
using ImageNet = VGG<ConvReLU, D, Form::imagenet, 64, 1000, Cpu>;
static_assert(parameter_count<ImageNet<VggDepths{1, 1, 2, 2, 2}>> == 132'863'336);
static_assert(parameter_count<ImageNet<VggDepths{2, 2, 2, 2, 2}>> == 133'047'848);
static_assert(parameter_count<ImageNet<VggDepths{2, 2, 4, 4, 4}>> == 143'667'240);

// The paper's 15.5 billion: the convolutions and the classifier of 224×224 pixels.
static_assert(forward_macs<VGG16ImageNet<>, Shape{3, 224, 224}>() == 15'470'264'320);

TEST_CASE("VGG-16: learns, is saved, loaded and frozen") {
  test::check_model<VGG<ConvNormReLU, vgg16_depths, Form::cifar, 8, 5, Cpu>, Shape{3, 32, 32}>(0.02);
}
