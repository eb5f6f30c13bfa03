// SPDX-License-Identifier: MIT
#include <resnet/alexnet.hpp>
#include <resnet/backend/plan/cost.hpp>

#include "tests/models/check_model.hpp"

using namespace resnet;

// torchvision.models.alexnet(); the CIFAR form: that of bearpaw/pytorch-classification.
static_assert(parameter_count<AlexNetImageNet<>> == 61'100'840 && parameter_count<AlexNet<>> == 2'472'266);

TEST_CASE("AlexNet: learns, is saved, loaded and frozen") {
  test::check_model<AlexNetModel<Form::cifar, 16, 5, Cpu>, Shape{3, 32, 32}>(0.1);
}
