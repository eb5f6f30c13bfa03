// SPDX-License-Identifier: MIT
#include <resnet/op/depthwise_conv2d.hpp>

#include "tests/support/operation.hpp"

using namespace resnet;
using test::Values;

namespace {

Conv2dGeometry geometry(int n, int h, int w, int c, int kernel, int stride, int padding) {
  return {n, h,      w,      c,      window_count(h, kernel, stride, padding), window_count(w, kernel, stride, padding),
          c, kernel, stride, padding};
}

// n, h, w, channels, kernel, stride, padding. Cpu has kernels of its own for 3 and 5 with stride 1 and 2, for
// four pixels at a time.
const Conv2dGeometry cases[] = {
    geometry(1, 1, 1, 1, 3, 1, 1),    geometry(2, 5, 7, 3, 3, 1, 1),   geometry(3, 8, 8, 32, 3, 1, 1),
    geometry(2, 9, 4, 17, 3, 1, 0),   geometry(2, 6, 10, 8, 3, 1, 2),  geometry(3, 8, 8, 24, 3, 2, 1),
    geometry(2, 7, 9, 19, 3, 2, 1),   geometry(1, 6, 5, 4, 3, 2, 0),   geometry(1, 5, 6, 4, 3, 2, 2),
    geometry(2, 1, 2, 16, 5, 1, 2),   geometry(3, 8, 8, 40, 5, 1, 2),  geometry(1, 11, 13, 9, 5, 1, 1),
    geometry(2, 4, 4, 64, 5, 2, 2),   geometry(1, 9, 12, 11, 5, 2, 2), geometry(2, 8, 7, 3, 5, 2, 1),
    geometry(2, 8, 7, 3, 7, 1, 3),    geometry(2, 7, 8, 17, 2, 3, 1),  geometry(2, 3, 3, 5, 1, 1, 0),
    geometry(40, 16, 3, 16, 3, 1, 1),
};

std::size_t count(auto... dims) { return (std::size_t{1} * ... * static_cast<std::size_t>(dims)); }

/// f(operation, how many terms its sums have) for each of the three.
void for_each_operation(const Conv2dGeometry& g, auto&& fill, auto&& f) {
  const std::size_t in = count(g.n, g.in_h, g.in_w, g.in_c), out = count(g.n, g.out_h, g.out_w, g.out_c);
  const std::size_t weights = count(g.in_c, g.kernel, g.kernel);
  Values x = fill(in, 1), weight = fill(weights, 2), dy = fill(out, 3), dweight = fill(weights, 4),
         y = test::unwritten(out), dx = test::unwritten(in);
  const int taps = g.kernel * g.kernel;
  f(op::DepthwiseConv2d<Values, Values>{.g = g, .x = &x, .weight = &weight, .y = &y}, taps);
  f(op::DepthwiseConv2dBackwardData<Values, Values>{.g = g, .dy = &dy, .weight = &weight, .dx = &dx}, taps);
  f(op::DepthwiseConv2dBackwardWeight<Values, Values>{.g = g, .x = &x, .dy = &dy, .dweight = &dweight},
    g.n * g.out_h * g.out_w);
}

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("depthwise_conv2d: exact on small whole numbers", B, depthwise_exact) {
  for (const Conv2dGeometry& g : cases) {
    CAPTURE(&g - cases);
    for_each_operation(g, test::integers, [](const auto& o, int) { test::check_operation_exactly<B>(o); });
  }
}
TEST_CASE_TEMPLATE_APPLY(depthwise_exact, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("depthwise_conv2d: rounding errors of a sum", B, depthwise_rounding) {
  for (const Conv2dGeometry& g : cases) {
    CAPTURE(&g - cases);
    const auto normal = [](std::size_t n, std::uint64_t id) { return test::normal(n, id); };
    const auto magnitude = [](std::size_t n, std::uint64_t id) { return test::absolute(test::normal(n, id)); };
    std::vector<Values> units;
    for_each_operation(g, magnitude, [&](const auto& o, int terms) {
      units.push_back(test::run_on<Ref<double>>(o));
      for (double& u : units.back()) u *= std::sqrt(terms + 1);
    });
    std::size_t i = 0;
    for_each_operation(g, normal, [&](const auto& o, int) { test::check_operation<B>(o, units[i++]); });
  }
}
TEST_CASE_TEMPLATE_APPLY(depthwise_rounding, test::Backends);

/// A depthwise convolution is a convolution whose weights are 0 between different channels.
TEST_CASE("depthwise_conv2d: the same as a convolution with a diagonal of kernels") {
  const Conv2dGeometry g = geometry(2, 5, 6, 3, 3, 2, 1);
  Values x = test::normal(count(g.n, g.in_h, g.in_w, 3), 1), weight = test::normal(count(3, 9), 2),
         y = test::unwritten(count(g.n, g.out_h, g.out_w, 3)), diagonal(count(3, 9, 3));
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t tap = 0; tap < 9; ++tap) diagonal[(c * 9 + tap) * 3 + c] = weight[c * 9 + tap];
  CHECK(test::run_on<Ref<double>>(op::DepthwiseConv2d<Values, Values>{.g = g, .x = &x, .weight = &weight, .y = &y}) ==
        test::run_on<Ref<double>>(op::Conv2d<Values, Values>{.g = g, .x = &x, .weight = &diagonal, .y = &y}));
}
