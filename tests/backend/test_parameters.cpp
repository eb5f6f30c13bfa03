// SPDX-License-Identifier: MIT
// What happens to parameters besides an optimizer's step (test_optimizer.cpp).
#include <resnet/op/parameters.hpp>

#include "tests/support/operation.hpp"

using namespace resnet;
using test::Values;

namespace {

// The Cpu backend cuts elements into pieces of 16,384.
constexpr std::size_t sizes[] = {1, 3, 17, 1000, 16'383, 16'384, 16'385, 32'768, 50'001};

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("scale and sum_of_squares", B, scale) {
  for (const std::size_t n : sizes) {
    Values y = test::normal(n, 1);
    test::check_operation_relative<B>(op::Scale<Values, Values>{.count = n, .factor = 0.3, .y = &y}, 2);
    const auto sum_of_squares = [&]<class T>(Context<T>&) {
      double sum = 0.5;  // added to, in double whatever the backend's scalar
      test::run_on<T>(op::SumOfSquares<Values, Values>{.count = n, .x = &y, .sum = &sum});
      return Values{sum};
    };
    test::check_operation<B>(sum_of_squares, {1e-6 * (test::dot(y, y) + 0.5)});
  }
}
TEST_CASE_TEMPLATE_APPLY(scale, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("clamp", B, clamp) {
  for (const std::size_t n : sizes) {
    Values y = test::normal(n, 1);
    test::check_operation_exactly<B>(op::Clamp<Values, Values>{.count = n, .low = -0.5, .high = 0.75, .y = &y});
  }
  Values y{-2, -0.5, 0.25, 0.75, 3, INFINITY, NAN};
  y = test::run_on<B>(op::Clamp<Values, Values>{.count = 7, .low = -0.5, .high = 0.75, .y = &y});
  CHECK(std::isnan(y[6]));
  y.pop_back();
  CHECK(y == Values{-0.5, -0.5, 0.25, 0.75, 0.75, 0.75});
}
TEST_CASE_TEMPLATE_APPLY(clamp, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("lerp", B, lerp) {
  for (const std::size_t n : sizes) {
    Values x = test::normal(n, 2), y = test::normal(n, 1), units(n);
    for (std::size_t i = 0; i < n; ++i) units[i] = 2 * (std::abs(x[i]) + std::abs(y[i]));
    test::check_operation<B>(op::Lerp<Values, Values>{.count = n, .t = 0.3, .x = &x, .y = &y}, units);
  }
  Values x{5, 5, 5}, y{1, 5, -3};
  CHECK(test::run_on<B>(op::Lerp<Values, Values>{.count = 3, .t = 0.25, .x = &x, .y = &y}) == Values{2, 5, -1});
}
TEST_CASE_TEMPLATE_APPLY(lerp, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("fill_normal and fill_uniform: the stream's numbers", B, fill) {
  for (const std::size_t n : sizes) {
    Values y = test::unwritten(n);
    test::check_operation_relative<B>(
        op::FillNormal<Values, Values>{.count = n, .first = 7, .stream = {1, 2}, .std = 0.3, .y = &y}, 1);
    test::check_operation_relative<B>(
        op::FillUniform<Values, Values>{.count = n, .first = 7, .stream = {1, 3}, .low = -2, .high = 5, .y = &y}, 1);
  }
  Values y = test::unwritten(3);
  const Values normal =
                   test::run_on<B>(op::FillNormal<Values, Values>{.count = 3, .stream = {1, 2}, .std = 0.5, .y = &y}),
               uniform = test::run_on<B>(
                   op::FillUniform<Values, Values>{.count = 3, .stream = {1, 2}, .low = -2, .high = 6, .y = &y});
  CHECK(normal[2] == doctest::Approx(0.5 * normal_at({1, 2}, 2)).epsilon(1e-6));
  CHECK(uniform[2] == doctest::Approx(-2 + 8 * uniform_at({1, 2}, 2)).epsilon(1e-6));
}
TEST_CASE_TEMPLATE_APPLY(fill, test::Backends);
