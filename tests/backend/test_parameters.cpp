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

TEST_CASE_TEMPLATE_DEFINE("sum_of_squares and limit_norm", B, limit_norm) {
  for (const std::size_t n : sizes) {
    Values y = test::normal(n, 1);
    const auto sum_of_squares = [&]<class T>(Context<T>&) {
      double sum = NAN;  // in double whatever the backend's scalar
      test::run_on<T>(op::SumOfSquares<Values, Values>{.count = n, .x = &y, .sum = &sum});
      return Values{sum};
    };
    test::check_operation<B>(sum_of_squares, {1e-6 * test::dot(y, y)});
    for (const double squares : {9.0, 900.0})  // of what had a norm of 3 or 30
      test::check_operation_relative<B>(
          op::LimitNorm<Values, Values>{.count = n, .max_norm = 6, .squares = &squares, .y = &y}, 2);
  }
  Values y{1, -2, 3};
  const double small = 36, large = 900;
  CHECK(test::run_on<B>(op::LimitNorm<Values, Values>{.count = 3, .max_norm = 6, .squares = &small, .y = &y})[2] ==
        doctest::Approx(3).epsilon(1e-6));
  CHECK(test::run_on<B>(op::LimitNorm<Values, Values>{.count = 3, .max_norm = 6, .squares = &large, .y = &y})[2] ==
        doctest::Approx(0.6).epsilon(1e-6));
  const double less = 25;
  CHECK(test::run_on<B>(op::LimitNorm<Values, Values>{.count = 3, .max_norm = 6, .squares = &less, .y = &y}) == y);
}
TEST_CASE_TEMPLATE_APPLY(limit_norm, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("fill and copy", B, fill_and_copy) {
  for (const std::size_t n : sizes) {
    Values x = test::normal(n, 1), y = test::unwritten(n);
    test::check_operation_exactly<B>(op::Fill<Values, Values>{.count = n, .value = 0.75, .y = &y});
    test::check_operation_exactly<B>(op::Copy<Values, Values>{.count = n, .x = &x, .y = &y});
  }
}
TEST_CASE_TEMPLATE_APPLY(fill_and_copy, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("a guard that has diverged stops what would change parameters", B, guarded) {
  for (const bool diverged : {false, true}) {
    const Tally tally{{}, diverged};
    Values x{5, 6, 7}, y{1, 2, 3}, w{4, 4, 4}, v{2, 2, 2};
    const auto changes = [&](const auto& operation, const Values& before) {
      CHECK((test::run_on<B>(operation) != before) == !diverged);
    };
    changes(op::Copy<Values, Values>{.count = 3, .x = &x, .y = &y, .guard = &tally}, y);
    changes(op::Lerp<Values, Values>{.count = 3, .t = 0.5, .x = &x, .y = &y, .guard = &tally}, y);
    changes(op::SgdStep<Values, Values>{.count = 3,
                                        .lr = 0.5,
                                        .momentum = 0.5,
                                        .weight_decay = 0,
                                        .nesterov = false,
                                        .gradient = &x,
                                        .velocity = &y,
                                        .weight = &w,
                                        .guard = &tally},
            test::join(y, w));
    changes(op::AdamStep<Values, Values>{.count = 3,
                                         .lr = 0.5,
                                         .beta1 = 0.5,
                                         .beta2 = 0.5,
                                         .eps = 0.5,
                                         .weight_decay = 0,
                                         .decoupled = false,
                                         .step = 1,
                                         .gradient = &x,
                                         .mean = &y,
                                         .square = &v,
                                         .weight = &w,
                                         .guard = &tally},
            test::join(y, v, w));
    changes(op::RmsPropStep<Values, Values>{.count = 3,
                                            .lr = 0.5,
                                            .alpha = 0.5,
                                            .eps = 0.5,
                                            .weight_decay = 0,
                                            .momentum = 0.5,
                                            .gradient = &x,
                                            .square = &v,
                                            .velocity = &y,
                                            .weight = &w,
                                            .guard = &tally},
            test::join(v, y, w));
  }
}
TEST_CASE_TEMPLATE_APPLY(guarded, test::Backends);

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
