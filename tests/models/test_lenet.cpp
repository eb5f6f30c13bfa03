// SPDX-License-Identifier: MIT
#include <resnet/backend/plan/cost.hpp>
#include <resnet/lenet5.hpp>

#include "tests/models/check_model.hpp"

using namespace resnet;

static_assert(parameter_count<LeNet5<>> == 62'006);
static_assert(parameter_count<LeNet5<10, 1>> == 61'706 && parameter_count<LeNet5Mnist<>> == 61'706);

TEST_CASE("LeNet-5: learns, is saved, loaded and frozen") { test::check_model<LeNet5<>, Shape{3, 32, 32}>(0.03, 20); }

TEST_CASE("LeNet-5: MNIST's images are padded to the paper's") {
  Context<Cpu> ctx;
  LeNet5<10, 1> padded;
  LeNet5Mnist<> mnist;
  initialize(ctx, padded);
  initialize(ctx, mnist);
  const test::Values digits = test::normal(2 * 28 * 28, 1);
  test::Values images(2 * 32 * 32, 0.0);
  for (std::size_t i = 0; i < digits.size(); ++i)
    images[i / 784 * 1024 + (i / 28 % 28 + 2) * 32 + i % 28 + 2] = digits[i];
  const auto expected = test::values_of(padded.infer(ctx, test::batch<Shape{1, 32, 32}>(ctx, images)));
  const auto found = test::values_of(mnist.infer(ctx, test::batch<Shape{1, 28, 28}>(ctx, digits)));
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-5));
}
