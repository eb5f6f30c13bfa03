// SPDX-License-Identifier: MIT
#include <resnet/backend/plan/cost.hpp>

#include "tests/models/check_model.hpp"
#include "tests/support/narrow_efficientnet.hpp"

using namespace resnet;

// torchvision.models.efficientnet_b0(), and the same with 10 classes: the CIFAR form differs in strides only.
static_assert(parameter_count<EfficientNetB0ImageNet<>> == 5'288'548 && parameter_count<EfficientNetB0<>> == 4'020'358);

// torchvision states 0.39 billion for 224×224.
static_assert(forward_macs<EfficientNetB0ImageNet<>, Shape{3, 224, 224}>() == 385'814'752);

TEST_CASE("EfficientNet: learns, is saved, loaded and frozen") {
  test::check_model<test::NarrowEfficientNet<Form::cifar, 5, Cpu>, Shape{3, 16, 16}>(0.05);
}

TEST_CASE("EfficientNet: torchvision's regularisation, zero_gamma for blocks with a shortcut") {
  EfficientNet<test::NarrowTable, Form::imagenet, 10, Cpu> model;
  CHECK(model.dropout.p == 0.2);
  CHECK(model.stage1.first.drop_path.p == 0);  // block 0 of 10
  CHECK(model.stage3.rest[0].drop_path.p == doctest::Approx(0.2 * 4 / 10));
  CHECK(model.stage7.first.drop_path.p == doctest::Approx(0.2 * 9 / 10));

  Context<Cpu> ctx;
  initialize(ctx, model, {.zero_gamma = true});
  int silent = 0;
  for_each_parameter(
      [&](std::string_view, Role role, const auto& t) {
        if (role == Role::scale) silent += test::values_of(t)[0] == 0;
      },
      model);
  CHECK(silent == 4);  // the second blocks of stages 2 and 3, both of stage 5
}
