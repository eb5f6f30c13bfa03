// SPDX-License-Identifier: MIT
#include <resnet/op/channels.hpp>

#include "tests/support/operation.hpp"

using namespace resnet;
using test::Values;

namespace {

struct Size {
  int n, pixels, channels;
};
constexpr Size sizes[] = {{1, 1, 1}, {3, 5, 17}, {2, 64, 32}, {7, 9, 3}};

struct Matrices {
  int n, rows, columns;
};
constexpr Matrices matrices[] = {{1, 1, 1}, {2, 1, 5}, {3, 5, 1}, {2, 16, 16}, {3, 49, 33}, {1, 3, 200}};

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("scale_channels", B, scale_channels) {
  for (const auto [n, pixels, channels] : sizes) {
    const auto gates = static_cast<std::size_t>(n * channels), size = gates * static_cast<std::size_t>(pixels);
    Values x = test::integers(size, 1), s = test::integers(gates, 2), dy = test::integers(size, 3),
           other = test::unwritten(size), ds = test::unwritten(gates);
    for (Values* y : {&other, &x})
      test::check_operation_exactly<B>(
          op::ScaleChannels<Values, Values>{.n = n, .pixels = pixels, .channels = channels, .x = &x, .s = &s, .y = y});
    for (Values* dx : {&other, &dy})
      test::check_operation_exactly<B>(op::ScaleChannelsBackward<Values, Values>{
          .n = n, .pixels = pixels, .channels = channels, .x = &x, .s = &s, .dy = &dy, .dx = dx, .ds = &ds});
  }
  Values x{1, 2, 3, 4}, s{10, 100}, y = test::unwritten(4);
  CHECK(test::run_on<B>(op::ScaleChannels<Values, Values>{
            .n = 1, .pixels = 2, .channels = 2, .x = &x, .s = &s, .y = &y}) == Values{10, 200, 30, 400});
}
TEST_CASE_TEMPLATE_APPLY(scale_channels, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("concat_channels and slice_channels", B, concat_channels) {
  for (const int rows : {1, 63, 64, 200}) {
    const auto n = static_cast<std::size_t>(rows);
    Values a = test::normal(n * 3, 1), b = test::normal(n * 5, 2), y = test::unwritten(n * 8),
           x = test::normal(n * 8, 3), part = test::unwritten(n * 4);
    for (const auto& [left, right] : {std::pair{&a, &b}, {&a, nullptr}, {nullptr, &b}})
      test::check_operation_exactly<B>(op::ConcatChannels<Values, Values>{
          .rows = rows, .a_channels = 3, .b_channels = 5, .a = left, .b = right, .y = &y});
    test::check_operation_exactly<B>(op::SliceChannels<Values, Values>{
        .rows = rows, .x_channels = 8, .first = 2, .y_channels = 4, .x = &x, .y = &part});
  }
  Values a{1, 2, 3, 4}, b{5, 6}, y = test::unwritten(6), part = test::unwritten(4);
  y = test::run_on<B>(
      op::ConcatChannels<Values, Values>{.rows = 2, .a_channels = 2, .b_channels = 1, .a = &a, .b = &b, .y = &y});
  CHECK(y == Values{1, 2, 5, 3, 4, 6});
  CHECK(test::run_on<B>(op::SliceChannels<Values, Values>{
            .rows = 2, .x_channels = 3, .first = 1, .y_channels = 2, .x = &y, .y = &part}) == Values{2, 5, 4, 6});
}
TEST_CASE_TEMPLATE_APPLY(concat_channels, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("transpose: each of n matrices", B, transpose) {
  for (const auto [n, rows, columns] : matrices) {
    Values x = test::integers(static_cast<std::size_t>(n * rows * columns), 1), y = test::unwritten(x.size());
    const op::Transpose<Values, Values> there{.n = n, .rows = rows, .columns = columns, .x = &x, .y = &y};
    test::check_operation_exactly<B>(there);
    Values z = test::run_on<B>(there);
    CHECK(test::run_on<B>(op::Transpose<Values, Values>{.n = n, .rows = columns, .columns = rows, .x = &z, .y = &y}) ==
          x);
  }
  Values x{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, y = test::unwritten(12);
  CHECK(test::run_on<B>(op::Transpose<Values, Values>{.n = 2, .rows = 2, .columns = 3, .x = &x, .y = &y}) ==
        Values{1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12});
}
TEST_CASE_TEMPLATE_APPLY(transpose, test::Backends);
