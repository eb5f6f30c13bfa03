// SPDX-License-Identifier: MIT
#include <resnet/op/elementwise.hpp>

#include "tests/support/operation.hpp"

using namespace resnet;
using test::Values;

namespace {

// The Cpu backend cuts elements into pieces of 16,384.
constexpr std::size_t sizes[] = {1, 3, 17, 1000, 16'383, 16'384, 16'385, 32'768, 50'001};

/// Four times a normal number: up to about ±18.
Values wide(std::size_t n) {
  Values x = test::normal(n, 1);
  for (double& v : x) v *= 4;
  return x;
}
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("add", B, add) {
  for (const std::size_t n : sizes) {
    Values a = test::normal(n, 1), b = test::normal(n, 2), other = test::unwritten(n);
    for (Values* y : {&other, &a, &b})
      test::check_operation_relative<B>(op::Add<Values, Values>{.count = n, .a = &a, .b = &b, .y = y}, 1);
  }
}
TEST_CASE_TEMPLATE_APPLY(add, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("relu", B, relu) {
  for (const std::size_t n : sizes) {
    Values x = test::integers(n, 1), dy = test::normal(n, 2), other = test::unwritten(n);
    for (Values* y : {&other, &x})
      test::check_operation_exactly<B>(op::Relu<Values, Values>{.count = n, .x = &x, .y = y});
    for (Values* dx : {&other, &dy})
      test::check_operation_exactly<B>(op::ReluBackward<Values, Values>{.count = n, .y = &x, .dy = &dy, .dx = dx});
  }
}
TEST_CASE_TEMPLATE_APPLY(relu, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("relu: NaN stays NaN", B, relu_nan) {
  Values x{NAN, -NAN, 1}, y = test::unwritten(3);
  y = test::run_on<B>(op::Relu<Values, Values>{.count = 3, .x = &x, .y = &y});
  CHECK(std::isnan(y[0]));
  CHECK(std::isnan(y[1]));
  CHECK(y[2] == 1);
}
TEST_CASE_TEMPLATE_APPLY(relu_nan, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("sigmoid and silu: values", B, gates) {
  for (const std::size_t n : sizes) {
    Values x = wide(n), other = test::unwritten(n), of_sigmoid, of_silu;
    for (const double v : x) {
      of_sigmoid.push_back(4 * sigmoid(v));
      of_silu.push_back(4 * sigmoid(v) * std::abs(v));
    }
    for (Values* y : {&other, &x}) {
      test::check_operation<B>(op::Sigmoid<Values, Values>{.count = n, .x = &x, .y = y}, of_sigmoid);
      test::check_operation<B>(op::Silu<Values, Values>{.count = n, .x = &x, .y = y}, of_silu);
    }
  }
}
TEST_CASE_TEMPLATE_APPLY(gates, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("sigmoid and silu: gradients", B, gates_backward) {
  for (const std::size_t n : sizes) {
    Values x = wide(n), dy = test::normal(n, 2), other = test::unwritten(n), y, of_sigmoid, of_silu;
    for (std::size_t i = 0; i < n; ++i) {
      const double s = sigmoid(x[i]);
      y.push_back(static_cast<float>(s));
      of_sigmoid.push_back(2 * std::abs(dy[i]) * s);
      of_silu.push_back(4 * std::abs(dy[i]) * s * (1 + std::abs(x[i])));
    }
    for (Values* dx : {&other, &dy}) {
      test::check_operation<B>(op::SigmoidBackward<Values, Values>{.count = n, .y = &y, .dy = &dy, .dx = dx},
                               of_sigmoid);
      test::check_operation<B>(op::SiluBackward<Values, Values>{.count = n, .x = &x, .dy = &dy, .dx = dx}, of_silu);
    }
  }
}
TEST_CASE_TEMPLATE_APPLY(gates_backward, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("sigmoid and silu: far from 0, and NaN", B, gates_far) {
  Values x{-100, -1e30, 100, 1e30, NAN}, y = test::unwritten(5);
  const Values gate = test::run_on<B>(op::Sigmoid<Values, Values>{.count = 5, .x = &x, .y = &y}),
               silu = test::run_on<B>(op::Silu<Values, Values>{.count = 5, .x = &x, .y = &y});
  for (const std::size_t i : {0u, 1u}) CHECK(gate[i] < 1e-37);
  for (const std::size_t i : {2u, 3u}) CHECK(gate[i] == 1);
  CHECK(std::abs(silu[0]) < 1e-35);
  CHECK(silu[2] == 100);
  CHECK(std::isnan(gate[4]));
  CHECK(std::isnan(silu[4]));
}
TEST_CASE_TEMPLATE_APPLY(gates_far, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("dropout: the same elements on every backend", B, dropout) {
  for (const std::size_t n : sizes) {
    Values x = test::normal(n, 1), other = test::unwritten(n);
    for (Values* y : {&other, &x})
      test::check_operation_relative<B>(
          op::Dropout<Values, Values>{.count = n, .first = 5, .p = 0.3, .stream = {1, 2}, .x = &x, .y = y}, 2);
  }
  Values y(4, 1.0);
  y = test::run_on<B>(
      op::Dropout<Values, Values>{.count = 4, .first = 3, .p = 0.5, .stream = {1, 2}, .x = &y, .y = &y});
  for (std::size_t i = 0; i < 4; ++i) CHECK(y[i] == dropout_factor(0.5, {1, 2}, 3 + i));
}
TEST_CASE_TEMPLATE_APPLY(dropout, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("drop_path: one factor for each image", B, drop_path) {
  Values x = test::normal(7 * 1000, 1), other = test::unwritten(x.size());
  for (Values* y : {&other, &x})
    test::check_operation_relative<B>(
        op::DropPath<Values, Values>{.n = 7, .size = 1000, .p = 0.3, .stream = {1, 2}, .x = &x, .y = y}, 2);
  Values y(4 * 3, 1.0);
  y = test::run_on<B>(op::DropPath<Values, Values>{.n = 4, .size = 3, .p = 0.5, .stream = {1, 2}, .x = &y, .y = &y});
  for (std::size_t i = 0; i < 12; ++i) CHECK(y[i] == dropout_factor(0.5, {1, 2}, i / 3));
}
TEST_CASE_TEMPLATE_APPLY(drop_path, test::Backends);
