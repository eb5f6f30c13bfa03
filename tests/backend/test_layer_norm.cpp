// SPDX-License-Identifier: MIT
#include <resnet/op/layer_norm.hpp>

#include "tests/support/operation.hpp"

using namespace resnet;
using test::Values;

namespace {

struct Size {
  int rows, channels;
};
// The Cpu backend works on pieces of 256 rows.
constexpr Size sizes[] = {{1, 2}, {2, 1}, {3, 17}, {5, 64}, {255, 3}, {257, 15}, {600, 96}};

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("layer_norm: values, with and without the statistics", B, layer_norm) {
  for (const auto [rows, channels] : sizes) {
    const auto c = static_cast<std::size_t>(channels), r = static_cast<std::size_t>(rows);
    Values x = test::normal(r * c, 1, 0.5), weight = test::normal(c, 2), bias = test::normal(c, 3);
    Values mean = test::unwritten(r), inv_std = test::unwritten(r), other = test::unwritten(r * c);
    // |x - mean| · inv_std is at most √channels; a row of one channel, or of equal ones, has only rounding left.
    const double units = channels < 3 ? 400 : 20;
    op::LayerNorm<Values, Values> norm{
        .rows = rows, .channels = channels, .eps = 1e-3, .x = &x, .weight = &weight, .bias = &bias, .y = &other};
    test::check_operation<B>(norm, Values(r * c, units));
    norm.y = &x;
    test::check_operation<B>(norm, Values(r * c, units));
    norm.y = &other, norm.mean = &mean, norm.inv_std = &inv_std;
    test::check_operation<B>(norm, Values(2 * r + r * c, units));
  }
}
TEST_CASE_TEMPLATE_APPLY(layer_norm, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("layer_norm: gradients", B, layer_norm_backward) {
  for (const auto [rows, channels] : sizes) {
    const auto c = static_cast<std::size_t>(channels), r = static_cast<std::size_t>(rows);
    Values x = test::normal(r * c, 1), weight = test::normal(c, 2), mean = test::normal(r, 3),
           dy = test::normal(r * c, 4);
    Values inv_std = test::absolute(test::normal(r, 5)), other = test::unwritten(r * c);
    Values dweight = test::normal(c, 6), dbias = test::normal(c, 7);
    for (Values* dx : {&other, &dy}) {
      const op::LayerNormBackward<Values, Values> backward{.rows = rows,
                                                           .channels = channels,
                                                           .x = &x,
                                                           .weight = &weight,
                                                           .mean = &mean,
                                                           .inv_std = &inv_std,
                                                           .dy = &dy,
                                                           .dx = dx,
                                                           .dweight = &dweight,
                                                           .dbias = &dbias};
      // The sums grow with the rows.
      test::check_operation<B>(backward, test::join(Values(r * c, 200), Values(2 * c, 100 + 2 * rows)));
    }
  }
}
TEST_CASE_TEMPLATE_APPLY(layer_norm_backward, test::Backends);
