// SPDX-License-Identifier: MIT
#include <resnet/backend/plan/cost.hpp>
#include <resnet/wide_resnet.hpp>

#include "tests/models/check_model.hpp"
#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

// The paper's 2.8 and 36.5 million (tests/golden/make_wide_resnet.py counts them).
static_assert(parameter_count<WideResNet16_4<>> == 2'748'890);
static_assert(parameter_count<WideResNet28_10<>> == 36'479'194);

TEST_CASE("WideResNet: gradients with dropout and stochastic depth") {
  using Model = WideResNet<10, 2, 2, 5, Double>;
  Model model;
  CHECK(set_dropout(model, 0.3) == 3);
  CHECK(set_drop_path(model, 0.2) == 3);
  test::check_random_layer<Shape{3, 8, 5}>(4, {.infer_is_forward = false, .entries = 3}, model);
}

TEST_CASE("WideResNet: learns, is saved, loaded and frozen") {
  test::check_model<WideResNet<16, 2, 4, 5, Cpu>, Shape{3, 8, 8}>(0.02);
}
