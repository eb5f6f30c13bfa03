// SPDX-License-Identifier: MIT
#include <resnet/layers/conv2d.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;
using test::Values;

TEST_CASE("Conv2d: output shape") {
  static_assert(Conv2d<3, 8, 3, 1, Double>::out({3, 32, 32}) == Shape{8, 32, 32});
  static_assert(Conv2d<3, 8, 3, 2, Double>::out({3, 5, 8}) == Shape{8, 3, 4});
  static_assert(Conv2d<3, 8, 7, 2, Double>::out({3, 224, 224}) == Shape{8, 112, 112});
  static_assert(Conv2d<3, 8, 2, 2, Double, 0>::out({3, 5, 4}) == Shape{8, 2, 2});
  CHECK(Conv2d<3, 8, 1, 3, Double>::out({3, 7, 8}) == Shape{8, 3, 3});
}

TEST_CASE("Conv2d: numbers worked out by hand") {
  // One channel, 3×3 image, 2×2 kernel, no padding: y[h, w] = x[h, w] + 10·x[h, w + 1] + 100·x[h + 1, w] +
  // 1000·…
  Conv2d<1, 1, 2, 1, Double, 0, true> conv;
  test::upload<Double>({1, 10, 100, 1000}, conv.weight.data());
  test::upload<Double>({0.5}, conv.bias.data());
  Context<Double> ctx;
  const auto y = conv.infer(ctx, test::batch<Shape{1, 3, 3}>(ctx, {1, 2, 3, 4, 5, 6, 7, 8, 9}));
  CHECK(test::values_of(y) == Values{5421.5, 6532.5, 8754.5, 9865.5});
}

TEST_CASE("Conv2d: padding is zeros at all four sides, stride moves the window") {
  Conv2d<1, 1, 3, 2, Double> conv;
  test::upload<Double>({1, 2, 4, 8, 16, 32, 64, 128, 256}, conv.weight.data());
  Context<Double> ctx;
  const auto y = conv.infer(ctx, test::batch<Shape{1, 3, 4}>(ctx, Values(12, 1.0)));
  CHECK(test::values_of(y) == Values{16 + 32 + 128 + 256, 8 + 16 + 32 + 64 + 128 + 256,  //
                                     2 + 4 + 16 + 32, 1 + 2 + 4 + 8 + 16 + 32});
}

TEST_CASE("Conv2d: channels are the last dimension of weights and images") {
  Conv2d<2, 3, 1, 1, Double> conv;
  test::upload<Double>({1, 2, 3, 4, 5, 6}, conv.weight.data());  // (out, in)
  Context<Double> ctx;
  const auto y = conv.infer(ctx, test::batch<Shape{2, 1, 2}>(ctx, {1, 10, 100, 1000}));
  CHECK(test::values_of(y) == Values{21, 43, 65, 2100, 4300, 6500});
}

TEST_CASE("Conv2d: gradients") {
  test::check_random_layer<Shape{3, 4, 3}, Conv2d<3, 2, 1, 1, Double>>(2);
  test::check_random_layer<Shape{2, 5, 4}, Conv2d<2, 3, 1, 2, Double, 0, true>>(2);
  test::check_random_layer<Shape{1, 5, 5}, Conv2d<1, 2, 1, 3, Double, 1>>(1);
  test::check_random_layer<Shape{2, 5, 4}, Conv2d<2, 2, 2, 1, Double, 0, true>>(2);
  test::check_random_layer<Shape{2, 5, 4}, Conv2d<2, 3, 2, 2, Double, 1>>(3);
  test::check_random_layer<Shape{3, 5, 4}, Conv2d<3, 2, 3, 1, Double>>(2);
  test::check_random_layer<Shape{2, 5, 6}, Conv2d<2, 3, 3, 2, Double, 1, true>>(2);
  test::check_random_layer<Shape{2, 8, 7}, Conv2d<2, 1, 3, 3, Double, 0>>(1);
  test::check_random_layer<Shape{1, 1, 1}, Conv2d<1, 2, 3, 1, Double, 3, true>>(2);
  test::check_random_layer<Shape{2, 6, 5}, Conv2d<2, 2, 5, 1, Double>>(1);
  test::check_random_layer<Shape{1, 7, 8}, Conv2d<1, 2, 5, 2, Double, 1, true>>(2);
  test::check_random_layer<Shape{2, 5, 6}, Conv2d<2, 2, 7, 2, Double>>(1);
  test::check_random_layer<Shape{1, 7, 9}, Conv2d<1, 1, 7, 1, Double, 0>>(1);
}

TEST_CASE("Conv2d: backward_weight is backward without dx") {
  using Conv = Conv2d<2, 3, 3, 2, Double, 1, true>;
  static constexpr Shape in{2, 5, 4}, out = Conv::out(in);
  Conv conv, whole, part;
  test::randomize(conv);
  Context<Double> ctx;
  const auto dy = test::batch<out>(ctx, test::normal(2 * out.size(), 1));
  for (auto* grad : {&whole, &part}) {
    SavedOf<Conv, in> saved;
    conv.forward(ctx, test::batch<in>(ctx, test::normal(2 * in.size(), 2)), saved);
    if (grad == &whole)
      conv.backward(ctx, dy, saved, *grad);
    else
      conv.backward_weight(ctx, dy, saved, *grad);
  }
  CHECK(test::state_of(part) == test::state_of(whole));
}

TEST_CASE("Conv2d: without a bias there is no tensor for it") {
  CHECK(test::state_names(Conv2d<1, 1, 1, 1, Double>{}) == std::vector<std::string>{"weight"});
  CHECK(test::state_names(Conv2d<1, 1, 1, 1, Double, 0, true>{}) == std::vector<std::string>{"weight", "bias"});
  static_assert(sizeof(Conv2d<1, 1, 1, 1, Double>) == sizeof(Tensor<Double, 1>));
}
