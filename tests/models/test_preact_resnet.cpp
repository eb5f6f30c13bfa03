// SPDX-License-Identifier: MIT
#include <resnet/backend/plan/cost.hpp>
#include <resnet/preact_resnet101.hpp>
#include <resnet/preact_resnet18.hpp>
#include <resnet/preact_resnet34.hpp>
#include <resnet/preact_resnet50.hpp>

#include "tests/models/check_model.hpp"
#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

// The CIFAR forms are kuangliu/pytorch-cifar's; the ImageNet forms' stems have 9408 - 1728 weights more, their
// classifiers 990 outputs (tests/golden/make_preact_resnet.py counts all of them).
static_assert(parameter_count<PreActResNet18<>> == 11'171'146 &&
              parameter_count<PreActResNet18ImageNet<>> == 11'686'696);
static_assert(parameter_count<PreActResNet34<>> == 21'279'306 &&
              parameter_count<PreActResNet34ImageNet<>> == 21'794'856);
static_assert(parameter_count<PreActResNet50<>> == 23'509'066 &&
              parameter_count<PreActResNet50ImageNet<>> == 25'545'256);
static_assert(parameter_count<PreActResNet101<>> == 42'501'194 &&
              parameter_count<PreActResNet101ImageNet<>> == 44'537'384);

namespace {

template <Form F, class B>
using Narrow = PreActResNet<PreActBlock, Depths{2, 2, 2, 2}, F, 4, 5, B>;
constexpr Shape image{3, 8, 8};

}  // namespace

TEST_CASE("PreActResNet: gradients, ImageNet form, with stochastic depth and dropout") {
  using Model = Narrow<Form::imagenet, Double>;
  Model model;
  CHECK(set_drop_path(model, 0.4) == 8);
  CHECK(set_dropout(model, 0.2) == 8);
  test::check_random_layer<Shape{3, 33, 16}>(6, {.infer_is_forward = false, .entries = 2}, model);
}

TEST_CASE("PreActResNet: learns, is saved, loaded and frozen") {
  test::check_model<Narrow<Form::cifar, Cpu>, image>(0.02);
}
