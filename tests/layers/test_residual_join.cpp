// SPDX-License-Identifier: MIT
// Its gradients are checked with the blocks that end in it.
#include <resnet/layers/add.hpp>
#include <resnet/layers/relu.hpp>
#include <resnet/layers/residual_join.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

TEST_CASE("ResidualJoin: BatchNorm2d, the sum with the skip, then ReLU, forward and back") {
  static constexpr Shape in{3, 4, 2};
  ResidualJoin<3, Double> join, join_grad;
  BatchNorm2d<3, Double> norm, norm_grad;
  ReLU<Double> relu, relu_grad;
  test::randomize(join);
  static_cast<detail::BatchNorm<3, Double>&>(norm) = join;
  zero(join_grad), zero(norm_grad);
  Context<Double> ctx;
  ctx.poison(true);
  const auto batch = [&](std::uint64_t id) { return test::batch<in>(ctx, test::normal(2 * in.size(), id)); };

  CHECK(test::values_of(join.infer(ctx, batch(1), batch(2))) ==
        test::values_of(relu.infer(ctx, add(ctx, norm.infer(ctx, batch(1)), batch(2)))));

  SavedOf<decltype(join), in> saved;
  SavedOf<decltype(norm), in> norm_saved;
  SavedOf<decltype(relu), in> relu_saved;
  const auto y = join.forward(ctx, batch(1), batch(2), saved);
  auto sum = add(ctx, norm.forward(ctx, batch(1), norm_saved), batch(2));
  CHECK(test::values_of(y) == test::values_of(relu.forward(ctx, std::move(sum), relu_saved)));

  const auto [dx, dskip] = join.backward(ctx, batch(3), saved, join_grad);
  const auto expected = relu.backward(ctx, batch(3), relu_saved, relu_grad);
  CHECK(test::values_of(dskip) == test::values_of(expected));
  CHECK(test::values_of(dx) == test::values_of(norm.backward(ctx, expected, norm_saved, norm_grad)));
  CHECK(test::values_of(join_grad.weight) == test::values_of(norm_grad.weight));
  CHECK(test::values_of(join_grad.bias) == test::values_of(norm_grad.bias));
}
