// SPDX-License-Identifier: MIT
// That the concepts tell what follows the contract from what does not. The layers themselves are checked
// in tests/layers, with tests/support/gradient_check.hpp.
#include <resnet/backend/ref/ref.hpp>
#include <resnet/blocks/basic_block.hpp>
#include <resnet/core/layer.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/depthwise_conv2d.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/layers/pooling.hpp>
#include <resnet/layers/relu.hpp>
#include <resnet/layers/sigmoid.hpp>
#include <resnet/layers/silu.hpp>
#include <resnet/layers/squeeze_excitation.hpp>

#include <doctest/doctest.h>

#include <utility>

#include "tests/support/values.hpp"

using namespace resnet;
using B = Ref<float>;

namespace {

using Conv = Conv2d<3, 8, 3, 2, B>;
constexpr Shape in{3, 8, 8};

struct InferNotConst : Conv {
  template <Shape S>
  auto infer(Context<B>& ctx, Batch<S, B> x) {
    return Conv::infer(ctx, std::move(x));
  }
};
struct BackwardReturnsNothing : Conv {
  template <Shape S>
  void backward(Context<B>&, Batch<out(S), B>, Saved<S>&, BackwardReturnsNothing&) const {}
};
struct WrongShape : Conv {
  static constexpr Shape out(Shape s) { return s; }
};

struct NoFill : Ref<float> {
  static void fill() = delete;
};
struct WrongScalar : Ref<float> {
  using Scalar = double;
};

}  // namespace

TEST_CASE("Layer: accepts what follows the contract only") {
  static_assert(Layer<Conv, in, B>);
  static_assert(!Layer<InferNotConst, in, B>);
  static_assert(!Layer<BackwardReturnsNothing, in, B>);
  static_assert(!Layer<WrongShape, in, B>);
  static_assert(!Layer<int, in, B>);
}

TEST_CASE_TEMPLATE("Layer: a batch of no images is refused, and so is a backward without its forward", L, Conv,
                   DepthwiseConv2d<3, 3, 1, B>, BatchNorm2d<3, B>, BatchNormReLU<3, B>, ReLU<B>, SiLU<B>, Sigmoid<B>,
                   MaxPool2d<2, 2, 0, B>, SqueezeExcitation<3, 2, B>, BasicBlock<3, 3, 1, B>) {
  Context<B> ctx;
  L layer, grad;
  SavedOf<L, in> saved;
  const auto x = test::batch<in>(ctx, test::normal(2 * in.size(), 1));
  const auto dy = test::batch<L::out(in)>(ctx, test::normal(2 * L::out(in).size(), 2));
  const auto refused = [&] {
    CHECK_THROWS_WITH_AS(
        layer.backward(ctx, dy, saved, grad),
        doctest::Contains("backward: expected one backward for each forward, found a gradient of 2 images"), Error);
  };
  refused();
  layer.forward(ctx, x, saved);
  layer.backward(ctx, dy, saved, grad);
  refused();
  layer.forward(ctx, test::batch<in>(ctx, test::normal(3 * in.size(), 1)), saved);  // of another batch
  refused();

  const Batch<in, B> none;
  constexpr bool has_parameters = requires { layer.weight; }
  || requires { layer.conv1; }
  || requires { layer.fc1; };
  if constexpr (has_parameters) {
    CHECK_THROWS_WITH_AS(std::as_const(layer).infer(ctx, none),
                         doctest::Contains("expected a batch of 1 image or more"), Error);
    CHECK_THROWS_AS(layer.forward(ctx, none, saved), Error);
  } else {
    CHECK(std::as_const(layer).infer(ctx, none).n() == 0);
  }
}

TEST_CASE("Layer: Linear, too") {
  Context<B> ctx;
  Linear<3, 4, B> layer, grad;
  SavedOf<Linear<3, 4, B>, Shape{3}> saved;
  CHECK_THROWS_AS(layer.infer(ctx, Batch<Shape{3}, B>()), Error);
  CHECK_THROWS_AS(layer.backward(ctx, test::batch<Shape{4}>(ctx, test::normal(8, 1)), saved, grad), Error);
}

TEST_CASE("Backend: accepts what follows the contract only") {
  static_assert(Backend<Ref<float>> && Backend<Ref<double>>);
  static_assert(!Backend<NoFill>);
  static_assert(!Backend<WrongScalar>);
  CHECK(Conv2dGeometry{128, 32, 32, 512, 32, 32, 512, 3, 1, 1}.macs() == 309'237'645'312);  // no overflow of int
}
