// SPDX-License-Identifier: MIT
#include <resnet/blocks/basic_block.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/compose/stage.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/conv2d.hpp>
#include <resnet/layers/dropout.hpp>
#include <resnet/layers/flatten.hpp>
#include <resnet/layers/identity.hpp>
#include <resnet/layers/linear.hpp>
#include <resnet/layers/pooling.hpp>
#include <resnet/layers/relu.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

namespace {

using Classifier =
    Sequential<Conv2d<2, 3, 3, 1, Double>, BatchNorm2d<3, Double>, ReLU<Double>, MaxPool2d<2, 2, 0, Double>,
               Dropout<Double>, GlobalAvgPool2d<Double>, Linear<3, 4, Double>>;

}  // namespace

TEST_CASE("Sequential: gradients") {
  test::check_random_layer<Shape{2, 4, 6}, Classifier>(3, {.infer_is_forward = false});
  test::check_random_layer<Shape{2, 5, 4}, Sequential<Conv2d<2, 3, 3, 2, Double>, Conv2d<3, 1, 2, 1, Double, 0>>>(2);
  test::check_random_layer<Shape{2, 3, 3}, Sequential<Identity<Double>, Identity<Double>>>(2);
}

TEST_CASE("Sequential: applies its layers from first to last") {
  using Pair = Sequential<Linear<1, 1, Double>, Linear<1, 1, Double>>;
  Pair pair;
  auto& [first, second] = pair.layers;
  test::upload<Double>({2}, first.weight.data());
  test::upload<Double>({1}, first.bias.data());
  test::upload<Double>({10}, second.weight.data());
  Context<Double> ctx;
  CHECK(test::values_of(pair.infer(ctx, test::batch<Shape{1}>(ctx, {3}))) == test::Values{70});
}

TEST_CASE("Sequential: shapes and names") {
  static_assert(Classifier::out({2, 32, 32}) == Shape{4});
  CHECK(test::state_names(Classifier{}) == std::vector<std::string>{"0.weight", "1.weight", "1.bias", "1.running_mean",
                                                                    "1.running_var", "1.num_batches_tracked",
                                                                    "6.weight", "6.bias"});
}

TEST_CASE("Sequential: backward_parameters adds what backward adds, also through a Stage") {
  static constexpr Shape in{2, 5, 4};
  using Chain = Sequential<Stage<BasicBlock, 2, 3, 1, 2, Double>, ReLU<Double>, Flatten<Double>, Linear<60, 3, Double>>;
  const auto gradient = [](auto&& run) {
    Context<Double> ctx;
    Chain chain, grad;
    test::randomize(chain);
    zero(grad);
    SavedOf<Chain, in> saved;
    chain.forward(ctx, test::batch<in>(ctx, test::normal(2 * in.size(), 1)), saved);
    run(ctx, chain, test::batch<Shape{3}>(ctx, test::normal(6, 2)), saved, grad);
    return test::parameters_of(grad);
  };
  const auto all =
      gradient([](auto& ctx, auto& chain, auto dy, auto& saved, auto& grad) { chain.backward(ctx, dy, saved, grad); });
  CHECK(test::dot(all, all) > 0);
  CHECK(all == gradient([](auto& ctx, auto& chain, auto dy, auto& saved, auto& grad) {
          backward_parameters(ctx, chain, dy, saved, grad);
        }));
}

TEST_CASE("Sequential: layers start with their members' default values") {
  const Sequential<GlobalAvgPool2d<Double>, Dropout<Double>, AvgPool2d<2, 2, 0, Double>, Dropout<Double>> chain{};
  CHECK(get<1>(chain.layers).p == 0.5);
  CHECK(get<3>(chain.layers).p == 0.5);
}
