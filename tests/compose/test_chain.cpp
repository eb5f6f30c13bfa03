// SPDX-License-Identifier: MIT
#include <resnet/compose/chain.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/layers/pooling.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

namespace {

template <class B>
struct Net : Chain<Net<B>> {
  Conv2d<2, 3, 3, 1, B> conv;
  BatchNormReLU<3, B> bn;
  GlobalAvgPool2d<B> avgpool;
  Linear<3, 4, B> fc;

  using Backend = B;
  template <class Other>
  using on = Net<Other>;

  static constexpr auto parts() {
    return std::tuple(part("stem.conv", &Net::conv), part("stem.bn", &Net::bn), part("avgpool", &Net::avgpool),
                      part("fc", &Net::fc));
  }
};

constexpr Shape in{2, 4, 5};

}  // namespace

TEST_CASE("Chain: gradients") { test::check_random_layer<in, Net<Double>>(3, {.infer_is_forward = false}); }

TEST_CASE("Chain: shapes, and the names that its parts give") {
  static_assert(Net<Double>::out({2, 32, 32}) == Shape{4});
  CHECK(test::state_names(Net<Double>{}) ==
        std::vector<std::string>{"stem.conv.weight", "stem.bn.weight", "stem.bn.bias", "stem.bn.running_mean",
                                 "stem.bn.running_var", "stem.bn.num_batches_tracked", "fc.weight", "fc.bias"});
}

TEST_CASE("Chain: what a Sequential of the same layers does, with and without the input's gradient") {
  using Same =
      Sequential<Conv2d<2, 3, 3, 1, Double>, BatchNormReLU<3, Double>, GlobalAvgPool2d<Double>, Linear<3, 4, Double>>;
  const auto passes = [](auto model, bool input) {
    Context<Double> ctx;
    decltype(model) grad;
    test::randomize(model);
    zero(grad);
    SavedOf<decltype(model), in> saved;
    const auto x = test::batch<in>(ctx, test::normal(2 * in.size(), 1));
    const auto dy = test::batch<Shape{4}>(ctx, test::normal(8, 2));
    test::Values all = test::values_of(model.infer(ctx, x));
    all = test::join(all, test::values_of(model.forward(ctx, x, saved)));
    if (input)
      all = test::join(all, test::values_of(model.backward(ctx, dy, saved, grad)));
    else
      model.backward_parameters(ctx, dy, saved, grad);
    return test::join(all, test::parameters_of(grad));
  };
  for (const bool input : {true, false}) CHECK(passes(Net<Double>{}, input) == passes(Same{}, input));
}
