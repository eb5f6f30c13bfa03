// SPDX-License-Identifier: MIT
#include <resnet/layers/pooling.hpp>

#include "tests/support/gradient_check.hpp"

using namespace resnet;
using test::Double;

TEST_CASE("pooling: output shapes") {
  static_assert(MaxPool2d<3, 2, 1, Double>::out({64, 112, 112}) == Shape{64, 56, 56});
  static_assert(MaxPool2d<2, 2, 0, Double>::out({5, 7, 8}) == Shape{5, 3, 4});
  static_assert(AvgPool2d<3, 1, 1, Double>::out({5, 7, 8}) == Shape{5, 7, 8});
  CHECK(GlobalAvgPool2d<Double>::out({512, 4, 7}) == Shape{512});
}

TEST_CASE("MaxPool2d: gradients") {
  test::check_random_layer<Shape{2, 5, 4}, MaxPool2d<2, 2, 0, Double>>(2);
  test::check_random_layer<Shape{2, 5, 6}, MaxPool2d<3, 2, 1, Double>>(2);
  test::check_random_layer<Shape{1, 4, 5}, MaxPool2d<3, 1, 1, Double>>(3);
  test::check_random_layer<Shape{3, 7, 4}, MaxPool2d<2, 3, 1, Double>>(1);
}

TEST_CASE("MaxPool2d: padding never wins, and the first of equal maxima gets the gradient") {
  MaxPool2d<2, 2, 1, Double> pool;
  Context<Double> ctx;
  SavedOf<decltype(pool), Shape{1, 2, 2}> below;
  CHECK(test::values_of(pool.forward(ctx, test::batch<Shape{1, 2, 2}>(ctx, {-1, -2, -3, -4}), below)) ==
        test::Values{-1, -2, -3, -4});

  MaxPool2d<2, 1, 0, Double> ties, none;
  SavedOf<decltype(ties), Shape{1, 2, 3}> saved;
  ties.forward(ctx, test::batch<Shape{1, 2, 3}>(ctx, {5, 5, 5, 1, 5, 5}), saved);
  const auto dx = ties.backward(ctx, test::batch<Shape{1, 1, 2}>(ctx, {1, 10}), saved, none);
  CHECK(test::values_of(dx) == test::Values{1, 10, 0, 0, 0, 0});
}

TEST_CASE("MaxPool2d: NaN is the maximum") {
  Context<Double> ctx;
  const auto y = MaxPool2d<2, 2, 0, Double>{}.infer(ctx, test::batch<Shape{1, 2, 2}>(ctx, {1, NAN, 3, 2}));
  CHECK(std::isnan(test::values_of(y)[0]));
}

TEST_CASE("AvgPool2d: gradients") {
  test::check_random_layer<Shape{2, 5, 4}, AvgPool2d<2, 2, 0, Double>>(2);
  test::check_random_layer<Shape{2, 5, 6}, AvgPool2d<3, 2, 1, Double>>(2);
  test::check_random_layer<Shape{1, 4, 5}, AvgPool2d<3, 1, 1, Double>>(1);
}

TEST_CASE("AvgPool2d: padding counts as zeros") {
  Context<Double> ctx;
  const auto y = AvgPool2d<2, 2, 1, Double>{}.infer(ctx, test::batch<Shape{1, 2, 2}>(ctx, {4, 8, 12, 16}));
  CHECK(test::values_of(y) == test::Values{1, 2, 3, 4});
}

TEST_CASE("GlobalAvgPool2d: gradients") {
  test::check_random_layer<Shape{3, 4, 5}, GlobalAvgPool2d<Double>>(2);
  test::check_random_layer<Shape{2, 1, 1}, GlobalAvgPool2d<Double>>(3);
}

TEST_CASE("GlobalAvgPool2d: the mean of each channel of each image") {
  Context<Double> ctx;
  const auto y = GlobalAvgPool2d<Double>{}.infer(ctx, test::batch<Shape{2, 1, 2}>(ctx, {1, 10, 3, 30, 5, 50, 7, 70}));
  CHECK(test::values_of(y) == test::Values{2, 20, 6, 60});
}
