// SPDX-License-Identifier: MIT
#include <resnet/blocks/basic_block.hpp>
#include <resnet/compose/sequential.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/layers/relu.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

namespace {

template <Shape S, class B, class Norm>
Values train(Context<B>& ctx, Norm& norm, const Values& x) {
  SavedOf<Norm, S> saved;
  return test::values_of(norm.forward(ctx, test::batch<S>(ctx, x), saved));
}

}  // namespace

TEST_CASE("BatchNorm2d: gradients") {
  const test::GradientOptions trained{.infer_is_forward = false};
  test::check_random_layer<Shape{3, 4, 2}, BatchNorm2d<3, Double>>(2, trained);
  test::check_random_layer<Shape{2, 1, 1}, BatchNorm2d<2, Double>>(5, trained);
  test::check_random_layer<Shape{1, 5, 7}, BatchNorm2d<1, Double>>(1, trained);
  test::check_layer<Shape{2, 3, 3}>(BatchNorm2d<2, Double>{}, test::normal(36, 3, 100), trained);
}

TEST_CASE_TEMPLATE("BatchNorm2d: gradients with the running statistics, which stay", Norm, BatchNorm2d<3, Double>,
                   BatchNormReLU<3, Double>) {
  Norm norm;
  norm.statistics = Statistics::running;
  test::check_random_layer<Shape{3, 4, 2}>(2, {}, norm);  // forward gives the bits of infer
  test::check_random_layer<Shape{3}>(1, {}, norm);        // one value is enough
  test::randomize(norm);
  const Values before = test::state_of(norm);
  Context<Double> ctx;
  train<Shape{3, 2, 1}>(ctx, norm, test::normal(12, 1));
  CHECK(test::state_of(norm) == before);
  norm.statistics = Statistics::batch;
  train<Shape{3, 2, 1}>(ctx, norm, test::normal(12, 1));
  CHECK(test::state_of(norm) != before);
}

TEST_CASE("BatchNorm2d: gradients at a residual block's end with the running statistics") {
  BasicBlock<2, 2, 1, Double> block;
  block.bn1.statistics = block.bn2.statistics = Statistics::running;
  test::check_random_layer<Shape{2, 3, 4}>(2, {}, block);
}

TEST_CASE("BatchNorm2d: biased variance normalises, unbiased variance goes into running_var") {
  Context<Double> ctx;
  BatchNorm2d<1, Double> norm;
  test::upload<Double>({2}, norm.weight.data());
  test::upload<Double>({10}, norm.bias.data());
  const Values y = train<Shape{1, 1, 2}>(ctx, norm, {1, 3, 5, 7});  // mean 4, variance 5, unbiased 20/3
  const double inv_std = 1 / std::sqrt(5 + 1e-5);
  for (const int i : {0, 1, 2, 3})
    CHECK(y[static_cast<std::size_t>(i)] == doctest::Approx(10 + 2 * (2 * i - 3) * inv_std).epsilon(1e-14));
  CHECK(norm.running_mean.data()[0] == doctest::Approx(0.4).epsilon(1e-14));
  CHECK(norm.running_var.data()[0] == doctest::Approx(0.9 + 2.0 / 3).epsilon(1e-14));
  CHECK(norm.num_batches_tracked == 1);
  train<Shape{1, 1, 2}>(ctx, norm, {1, 3, 5, 7});
  CHECK(norm.running_mean.data()[0] == doctest::Approx(0.76).epsilon(1e-14));
  CHECK(norm.running_var.data()[0] == doctest::Approx(0.81 + 1.9 * 2.0 / 3).epsilon(1e-14));
  CHECK(norm.num_batches_tracked == 2);
}

TEST_CASE("BatchNorm2d: infer uses the running statistics") {
  Context<Double> ctx;
  BatchNorm2d<2, Double> norm;
  test::upload<Double>({2, 3}, norm.weight.data());
  test::upload<Double>({1, -1}, norm.bias.data());
  test::upload<Double>({5, 6}, norm.running_mean.data());
  test::upload<Double>({4 - 1e-5, 9 - 1e-5}, norm.running_var.data());
  const Values y = test::values_of(norm.infer(ctx, test::batch<Shape{2}>(ctx, {7, 9})));  // one row is enough
  CHECK(y[0] == doctest::Approx(3).epsilon(1e-14));
  CHECK(y[1] == doctest::Approx(2).epsilon(1e-14));
}

TEST_CASE("BatchNorm2d: with the batch's own statistics infer gives what forward gives") {
  Context<Double> ctx;
  BatchNorm2d<3, Double> norm;
  test::randomize(norm);
  const Values x = test::normal(3 * 2 * 4 * 5, 1, 2);
  static constexpr Shape in{3, 4, 5};
  SavedOf<BatchNorm2d<3, Double>, in> saved;
  const Values y = test::values_of(norm.forward(ctx, test::batch<in>(ctx, x), saved));
  Values variance = test::download<Double>(3, saved.inv_std.data());
  for (double& v : variance) v = 1 / (v * v) - 1e-5;
  test::upload<Double>(test::download<Double>(3, saved.mean.data()), norm.running_mean.data());
  test::upload<Double>(variance, norm.running_var.data());
  const Values inferred = test::values_of(norm.infer(ctx, test::batch<in>(ctx, x)));
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(inferred[i] == doctest::Approx(y[i]).epsilon(1e-12));
}

TEST_CASE("BatchNorm2d: a single value per channel can't be trained on") {
  Context<Double> ctx;
  BatchNorm2d<2, Double> norm;
  const Values before = test::state_of(norm);
  CHECK_THROWS_WITH_AS((train<Shape{2}>(ctx, norm, {1, 2})), doctest::Contains("more than 1 value per channel"), Error);
  CHECK(test::state_of(norm) == before);
  CHECK_NOTHROW(train<Shape{2}>(ctx, norm, {1, 2, 3, 4}));
}

TEST_CASE("BatchNorm2d: starts as PyTorch's") {
  const BatchNorm2d<2, Double> norm;
  CHECK(test::state_of(norm) == Values{1, 1, 0, 0, 0, 0, 1, 1, 0});
  CHECK(test::state_names(norm) ==
        std::vector<std::string>{"weight", "bias", "running_mean", "running_var", "num_batches_tracked"});
  std::size_t trained = 0;
  for_each_parameter([&](std::string_view, Role, auto&) { ++trained; }, norm);
  CHECK(trained == 2);
}

TEST_CASE("BatchNormReLU: gradients") {
  test::check_random_layer<Shape{3, 4, 2}, BatchNormReLU<3, Double>>(2, {.infer_is_forward = false});
}

TEST_CASE("BatchNormReLU: BatchNorm2d, then ReLU") {
  static constexpr Shape in{3, 4, 2};
  BatchNormReLU<3, Double> both;
  Sequential<BatchNorm2d<3, Double>, ReLU<Double>> chain;
  test::randomize(both);
  static_cast<detail::BatchNorm<3, Double>&>(get<0>(chain.layers)) = both;
  Context<Double> ctx;
  const auto x = test::batch<in>(ctx, test::normal(2 * in.size(), 1));
  CHECK(test::values_of(both.infer(ctx, x)) == test::values_of(chain.infer(ctx, x)));
  SavedOf<decltype(both), in> saved;
  SavedOf<decltype(chain), in> chain_saved;
  CHECK(test::values_of(both.forward(ctx, x, saved)) == test::values_of(chain.forward(ctx, x, chain_saved)));
}
