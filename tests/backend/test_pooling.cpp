// SPDX-License-Identifier: MIT
#include <resnet/op/pooling.hpp>

#include "tests/support/operation.hpp"

using namespace resnet;
using test::Values;

namespace {

Pool2dGeometry window(int n, int h, int w, int c, int kernel, int stride, int padding) {
  return {n,
          h,
          w,
          c,
          window_count(h, kernel, stride, padding),
          window_count(w, kernel, stride, padding),
          kernel,
          kernel,
          stride,
          padding};
}
Pool2dGeometry whole(int n, int h, int w, int c) { return {n, h, w, c, 1, 1, h, w, 1, 0}; }

const Pool2dGeometry cases[] = {
    window(1, 1, 1, 1, 1, 1, 0),  window(3, 2, 3, 15, 2, 1, 0),
    window(1, 8, 7, 64, 2, 2, 0), window(3, 17, 8, 3, 3, 2, 1),
    window(1, 5, 5, 16, 3, 1, 1), window(3, 7, 17, 17, 3, 3, 0),
    window(1, 2, 2, 8, 5, 1, 2),  whole(3, 4, 4, 64),
    whole(1, 7, 5, 17),           whole(3, 1, 1, 8),
    whole(70, 2, 1, 3),
};

std::size_t in_size(const Pool2dGeometry& g) { return static_cast<std::size_t>(g.n * g.in_h * g.in_w * g.c); }
std::size_t out_size(const Pool2dGeometry& g) { return static_cast<std::size_t>(g.n * g.out_h * g.out_w * g.c); }

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("max_pool", B, max_pool) {
  for (const Pool2dGeometry& g : cases) {
    CAPTURE(&g - cases);
    // Whole numbers have equal maxima: the gradient must go to the first. Sums of them are exact.
    for (const Values& x : {test::integers(in_size(g), 1), test::normal(in_size(g), 1)}) {
      Values dy = test::integers(out_size(g), 2), y = test::unwritten(out_size(g)), dx = test::unwritten(in_size(g));
      test::check_operation_exactly<B>(op::MaxPool2d<Values, Values>{.g = g, .x = &x, .y = &y});
      test::check_operation_exactly<B>(op::MaxPool2dBackward<Values, Values>{.g = g, .x = &x, .dy = &dy, .dx = &dx});
    }
  }
}
TEST_CASE_TEMPLATE_APPLY(max_pool, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("avg_pool", B, avg_pool) {
  for (const Pool2dGeometry& g : cases) {
    CAPTURE(&g - cases);
    const Values x = test::normal(in_size(g), 1), dy = test::normal(out_size(g), 2), abs_x = test::absolute(x),
                 abs_dy = test::absolute(dy);
    Values y = test::unwritten(out_size(g)), dx = test::unwritten(in_size(g));
    const auto check = [&](auto of, const auto& on_magnitudes) {
      Values units = test::run_on<Ref<double>>(on_magnitudes);
      for (double& u : units) u *= 1 + std::sqrt(g.kernel_h * g.kernel_w);
      test::check_operation<B>(of, units);
    };
    using Forward = op::AvgPool2d<Values, Values>;
    using Backward = op::AvgPool2dBackward<Values, Values>;
    check(Forward{.g = g, .x = &x, .y = &y}, Forward{.g = g, .x = &abs_x, .y = &y});
    check(Backward{.g = g, .dy = &dy, .dx = &dx}, Backward{.g = g, .dy = &abs_dy, .dx = &dx});
  }
}
TEST_CASE_TEMPLATE_APPLY(avg_pool, test::Backends);
