// SPDX-License-Identifier: MIT
#include <resnet/backend/plan/cost.hpp>
#include <resnet/cifar_resnet.hpp>

#include "tests/models/check_model.hpp"

using namespace resnet;
using test::Values;

// The paper's 0.27, 0.46, 0.66, 0.85 and 1.7 million (tests/golden/make_cifar_resnet.py counts them).
static_assert(parameter_count<ResNet20<>> == 269'722);
static_assert(parameter_count<ResNet32<>> == 464'154);
static_assert(parameter_count<ResNet44<>> == 658'586);
static_assert(parameter_count<ResNet56<>> == 853'018);
static_assert(parameter_count<ResNet110<>> == 1'727'962);

namespace {

using Narrow = CifarResNet<3, 4, 5, Cpu>;
constexpr Shape image{3, 8, 8};

}  // namespace

TEST_CASE("CifarResNet: learns, is saved, loaded and frozen") { test::check_model<Narrow, image>(0.02); }

TEST_CASE("CifarResNet: zero_gamma silences every block's last norm, and every block has a DropPath") {
  Context<Cpu> ctx;
  Narrow model;
  initialize(ctx, model, {.zero_gamma = true});
  int silent = 0;
  for_each_parameter(
      [&](std::string_view name, Role, const auto& t) {
        silent += name.ends_with("bn2.weight") && test::values_of(t) == Values(t.size(), 0.0);
      },
      model);
  CHECK(silent == 9);
  CHECK(set_drop_path(model, 0.5) == 9);
  CHECK(model.layer3.rest[1].bn2.drop_path.p == 0.5);
}
