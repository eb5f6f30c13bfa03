// SPDX-License-Identifier: MIT
#include "tests/support/backends.hpp"

using namespace resnet;
using test::Operand;
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
std::size_t out_size(const Pool2dGeometry& g) {
  return static_cast<std::size_t>(g.n * g.out_h * g.out_w * g.c);
}

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("max_pool", B, max_pool) {
  for (const Pool2dGeometry& g : cases) {
    CAPTURE(&g - cases);
    // Whole numbers have equal maxima: the gradient must go to the first. Sums of them are exact.
    for (const Values& x : {test::integers(in_size(g), 1), test::normal(in_size(g), 1)}) {
      const Values dy = test::integers(out_size(g), 2);
      test::check_operation_exactly<B>([&]<class T>(Context<T>& ctx) {
        Operand<T> in(x), d(dy), y(test::unwritten(out_size(g))), dx(test::unwritten(in_size(g)));
        T::max_pool_forward(ctx, g, in.data(), y.data());
        T::max_pool_backward(ctx, g, in.data(), d.data(), dx.data());
        return test::join(y.values(), dx.values());
      });
    }
  }
}
TEST_CASE_TEMPLATE_APPLY(max_pool, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("avg_pool", B, avg_pool) {
  for (const Pool2dGeometry& g : cases) {
    CAPTURE(&g - cases);
    const Values x = test::normal(in_size(g), 1), dy = test::normal(out_size(g), 2);
    const auto run = [&](const Values& in, const Values& d) {
      return [&]<class T>(Context<T>& ctx) {
        Operand<T> from(in), gradient(d), y(test::unwritten(out_size(g))), dx(test::unwritten(in_size(g)));
        T::avg_pool_forward(ctx, g, from.data(), y.data());
        T::avg_pool_backward(ctx, g, gradient.data(), dx.data());
        return test::join(y.values(), dx.values());
      };
    };
    const Values abs_x = test::absolute(x), abs_dy = test::absolute(dy);
    Context<Ref<double>> exact;
    Values units = run(abs_x, abs_dy)(exact);
    for (double& u : units) u *= 1 + std::sqrt(g.kernel_h * g.kernel_w);
    test::check_operation<B>(run(x, dy), units);
  }
}
TEST_CASE_TEMPLATE_APPLY(avg_pool, test::Backends);
