// SPDX-License-Identifier: MIT
// That the concepts tell what follows the contract from what does not. The layers themselves are checked
// in tests/layers, with tests/support/gradient_check.hpp.
#include <resnet/backend/ref/ref.hpp>
#include <resnet/core/layer.hpp>
#include <resnet/layers/conv2d.hpp>

#include <doctest/doctest.h>

using namespace resnet;
using B = Ref<float>;

namespace {

using Conv = Conv2d<3, 8, 3, 2, B>;
constexpr Shape in{3, 8, 8};

struct InferNotConst : Conv {
  template <Shape S> auto infer(Context<B>& ctx, Batch<S, B> x) { return Conv::infer(ctx, std::move(x)); }
};
struct BackwardReturnsNothing : Conv {
  template <Shape S> void backward(Context<B>&, Batch<out(S), B>, Saved<S>&, BackwardReturnsNothing&) const {}
};
struct WrongShape : Conv {
  static constexpr Shape out(Shape s) { return s; }
};

struct NoAdd : Ref<float> {
  static void add() = delete;
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

TEST_CASE("Backend: accepts what has every operation only") {
  static_assert(Backend<Ref<float>> && Backend<Ref<double>>);
  static_assert(!Backend<NoAdd>);
  static_assert(!Backend<WrongScalar>);
  CHECK(Conv2dGeometry{128, 32, 32, 512, 32, 32, 512, 3, 1, 1}.macs() ==
        309'237'645'312);  // no overflow of int
}
