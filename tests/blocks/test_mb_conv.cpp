// SPDX-License-Identifier: MIT
#include <resnet/blocks/mb_conv.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

namespace {

constexpr Shape in{4, 4, 5};
using Kept = MBConv<3, 2>::Block<4, 4, 1, Double>;     // with a shortcut
using Narrow = MBConv<3, 1>::Block<4, 4, 1, Double>;   // without expansion
using Changed = MBConv<5, 2>::Block<4, 6, 2, Double>;  // without a shortcut
const test::GradientOptions trained{.infer_is_forward = false, .entries = 40};

}  // namespace

TEST_CASE("MBConv: gradients") {
  static_assert(Changed::out(in) == Shape{6, 2, 3} && Kept::has_skip && !Changed::has_skip);
  Kept dropped;
  dropped.drop_path.p = 0.5;
  test::check_random_layer<in>(3, trained, dropped);
  test::check_random_layer<in, Narrow>(2, trained);
  test::check_random_layer<in, Changed>(2, trained);
}

TEST_CASE("MBConv: a branch that gives 0 leaves the shortcut") {
  Kept block;
  test::randomize(block);
  for (auto* t : {&block.last_norm().weight, &block.last_norm().bias}) Double::fill(t->size(), 0, t->data());
  const Values x = test::normal(2 * in.size(), 1);
  Context<Double> ctx;
  SavedOf<Kept, in> saved;
  CHECK(test::values_of(block.forward(ctx, test::batch<in>(ctx, x), saved)) == x);
  CHECK(test::values_of(block.infer(ctx, test::batch<in>(ctx, x))) == x);
}

TEST_CASE("MBConv: torchvision's names") {
  std::vector<std::string> expected;
  const auto conv_and_norm = [&](const std::string& name) {
    expected.push_back(name + ".0.weight");
    for (const char* entry : {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
      expected.push_back(name + ".1." + entry);
  };
  const auto squeeze = [&](const std::string& name) {
    for (const char* entry : {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"})
      expected.push_back(name + "." + entry);
  };
  conv_and_norm("block.0"), conv_and_norm("block.1"), squeeze("block.2"), conv_and_norm("block.3");
  CHECK(test::state_names(Kept{}) == expected);
  expected.clear();
  conv_and_norm("block.0"), squeeze("block.1"), conv_and_norm("block.2");
  CHECK(test::state_names(Narrow{}) == expected);
}
