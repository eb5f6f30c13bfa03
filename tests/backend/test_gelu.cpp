// SPDX-License-Identifier: MIT
#include <resnet/op/elementwise.hpp>

#include "tests/support/operation.hpp"

using namespace resnet;
using test::Values;

TEST_CASE_TEMPLATE_DEFINE("gelu: values and gradients", B, gelu) {
  for (const std::size_t n : {1u, 3u, 17u, 1000u, 16'385u}) {
    Values x = test::normal(n, 1), dy = test::normal(n, 2), other = test::unwritten(n), of_y, of_dx;
    for (double& v : x) v *= 3;  // up to about ±13
    for (std::size_t i = 0; i < n; ++i) {
      of_y.push_back(4 * std::abs(x[i]) + 1e-30);
      of_dx.push_back(8 * std::abs(dy[i]) * (1 + std::abs(x[i])));
    }
    for (Values* y : {&other, &x})
      test::check_operation<B>(op::Gelu<Values, Values>{.count = n, .x = &x, .y = y}, of_y);
    for (Values* dx : {&other, &dy})
      test::check_operation<B>(op::GeluBackward<Values, Values>{.count = n, .x = &x, .dy = &dy, .dx = dx}, of_dx);
  }
}
TEST_CASE_TEMPLATE_APPLY(gelu, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("gelu: far from 0, and NaN", B, gelu_far) {
  Values x{-100, 100, NAN}, y = test::unwritten(3);
  y = test::run_on<B>(op::Gelu<Values, Values>{.count = 3, .x = &x, .y = &y});
  CHECK(std::abs(y[0]) < 1e-30);
  CHECK(y[1] == 100);
  CHECK(std::isnan(y[2]));
}
TEST_CASE_TEMPLATE_APPLY(gelu_far, test::Backends);
