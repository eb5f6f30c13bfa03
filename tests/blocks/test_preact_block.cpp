// SPDX-License-Identifier: MIT
#include <resnet/blocks/preact_block.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

namespace {

constexpr Shape in{4, 4, 5};
using Kept = PreActBlock<4, 4, 1, Double>;
using Changed = PreActBlock<4, 3, 2, Double>;
using KeptBottleneck = PreActBottleneck<4, 4, 1, Double>;
using ChangedBottleneck = PreActBottleneck<4, 8, 2, Double>;
const test::GradientOptions trained{.infer_is_forward = false};

/// With the last convolution at 0, what is left is the shortcut.
template <class Block>
Block without_branch(auto Block::*last) {
  Block block;
  test::randomize(block);
  Double::fill((block.*last).weight.size(), 0, (block.*last).weight.data());
  return block;
}

}  // namespace

TEST_CASE("PreActBlock: gradients") {
  static_assert(Kept::out(in) == in && Changed::out(in) == Shape{3, 2, 3});
  test::check_random_layer<in, Kept>(2, trained);
  test::check_random_layer<in, Changed>(2, trained);
  test::check_random_layer<in, PreActBlock<4, 4, 2, Double>>(2, trained);
}

TEST_CASE("PreActBottleneck: gradients") {
  static_assert(KeptBottleneck::out(in) == in && ChangedBottleneck::out(in) == Shape{8, 2, 3});
  test::check_random_layer<in, KeptBottleneck>(2, trained);
  test::check_random_layer<in, ChangedBottleneck>(2, trained);
}

TEST_CASE("Pre-activation blocks: dropout and stochastic depth") {
  Kept kept;
  kept.dropout.p = 0.25, kept.drop_path.p = 0.5;
  test::check_random_layer<in>(4, trained, kept);
  Changed changed;
  changed.dropout.p = 0.25, changed.drop_path.p = 0.5;
  test::check_random_layer<in>(4, trained, changed);
  KeptBottleneck bottleneck;
  bottleneck.drop_path.p = 0.5;
  test::check_random_layer<in>(4, trained, bottleneck);
}

TEST_CASE("Pre-activation blocks: the identity shortcut hands x on, a projection gets relu(bn1(x))") {
  Context<Double> ctx;
  const auto x = test::batch<in>(ctx, test::normal(2 * in.size(), 1));
  CHECK(test::values_of(without_branch(&Kept::conv2).infer(ctx, x)) == test::values_of(x));
  CHECK(test::values_of(without_branch(&KeptBottleneck::conv3).infer(ctx, x)) == test::values_of(x));
  const auto check = [&](const auto& block) {
    const auto expected = block.shortcut.infer(ctx, block.bn1.infer(ctx, x));
    CHECK(test::values_of(block.infer(ctx, x)) == test::values_of(expected));
  };
  check(without_branch(&Changed::conv2));
  check(without_branch(&ChangedBottleneck::conv3));
}
