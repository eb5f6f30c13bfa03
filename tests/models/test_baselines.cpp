// SPDX-License-Identifier: MIT
#include <resnet/backend/plan/cost.hpp>
#include <resnet/baselines.hpp>

#include "tests/models/check_model.hpp"
#include "tests/support/without_dropout.hpp"

using namespace resnet;

static_assert(parameter_count<SimpleMLP<>> == 3072 * 64 + 64 + 64 * 10 + 10);
static_assert(parameter_count<SimpleCNN<>> == 122'570);  // what TensorFlow's tutorial prints
static_assert(parameter_count<ConvNet<>> == 1'149'770);

namespace {
constexpr Shape image{3, 32, 32};
}

TEST_CASE("SimpleMLP: learns, is saved, loaded and frozen") { test::check_model<SimpleMLP<>, image>(0.02); }

TEST_CASE("SimpleCNN: learns, is saved, loaded and frozen") {
  test::check_model<SimpleCNNModel<8, 5, Cpu>, image>(0.03, 20);
}

TEST_CASE("ConvNet: learns, is saved, loaded and frozen") {
  test::check_model<test::WithoutDropout<ConvNetModel<8, 5, Cpu>>, image>(0.1);
}

TEST_CASE("ConvNet: its dropout is the paper's") { CHECK((ConvNetModel<8, 5, Cpu>{}.dropout.p) == 0.5); }
