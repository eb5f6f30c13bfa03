// SPDX-License-Identifier: MIT
#include <utility>

#include "tests/support/backends.hpp"

using namespace resnet;
using test::Operand;
using test::Values;

namespace {

// Rows and channels; the Cpu backend works on pieces of 256 rows.
constexpr BatchNormGeometry cases[] = {{2, 1},    {3, 17},   {5, 64},  {8, 16},  {255, 3},
                                       {256, 8},  {257, 15}, {511, 1}, {512, 3}, {513, 16},
                                       {1025, 8}, {4096, 2}, {867, 64}};
constexpr double eps = 1e-5, momentum = 0.1;

std::size_t c(BatchNormGeometry g) { return static_cast<std::size_t>(g.c); }
std::size_t size(BatchNormGeometry g) { return static_cast<std::size_t>(g.rows) * c(g); }
Values variances(BatchNormGeometry g, std::uint64_t id) {
  Values v = test::absolute(test::normal(c(g), id));
  for (double& x : v) x += 0.5;
  return v;
}

/// y, the new running statistics, mean and inv_std.
auto forward(BatchNormGeometry g, const Values& x) {
  return [g, &x]<class B>(Context<B>& ctx) {
    Operand<B> in(x), weight(test::normal(c(g), 2)), bias(test::normal(c(g), 3)), rm(test::normal(c(g), 4)),
        rv(variances(g, 5)), y(test::unwritten(size(g))), mean(test::unwritten(c(g))),
        inv_std(test::unwritten(c(g)));
    B::batch_norm_forward(ctx, g, eps, momentum, in.data(), weight.data(), bias.data(), rm.data(), rv.data(),
                          y.data(), mean.data(), inv_std.data());
    return test::join(y.values(), rm.values(), rv.values(), mean.values(), inv_std.values());
  };
}

auto infer(BatchNormGeometry g, const Values& x, bool in_place) {
  return [g, &x, in_place]<class B>(Context<B>& ctx) {
    Operand<B> in(x), weight(test::normal(c(g), 2)), bias(test::normal(c(g), 3)), rm(test::normal(c(g), 4)),
        rv(variances(g, 5)), y(test::unwritten(size(g)));
    B::batch_norm_infer(ctx, g, eps, in.data(), weight.data(), bias.data(), rm.data(), rv.data(),
                        in_place ? in.data() : y.data());
    return in_place ? in.values() : y.values();
  };
}

/// dx, dweight, dbias.
auto backward(BatchNormGeometry g, const Values& x, bool in_place) {
  return [g, &x, in_place]<class B>(Context<B>& ctx) {
    Operand<B> in(x), weight(test::normal(c(g), 2)), mean(test::normal(c(g), 6)), inv_std(variances(g, 5)),
        dy(test::normal(size(g), 7)), dx(test::unwritten(size(g))), dweight(test::normal(c(g), 8)),
        dbias(test::normal(c(g), 9));
    B::batch_norm_backward(ctx, g, in.data(), weight.data(), mean.data(), inv_std.data(), dy.data(),
                           in_place ? dy.data() : dx.data(), dweight.data(), dbias.data());
    return test::join((in_place ? dy : dx).values(), dweight.values(), dbias.values());
  };
}

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("batch_norm: forward", B, batch_norm_forward) {
  for (const BatchNormGeometry g : cases)
    // Far from zero with a small spread the variance would be lost if squares were summed.
    for (const double offset : {0.0, 100.0}) {
      CAPTURE(g.rows);
      CAPTURE(g.c);
      CAPTURE(offset);
      const Values x = test::normal(size(g), 1, offset);
      Context<Ref<double>> exact;
      const Values want = forward(g, x)(exact);
      const double* inv_std = want.data() + want.size() - c(g);
      // y: errors of mean and x - mean, a few eps of |x| + 1, times |weight|·inv_std (|weight| < 4).
      Values units(want.size());
      for (std::size_t i = 0; i < size(g); ++i) {
        const double inv = inv_std[i % c(g)];
        units[i] = 4 * (std::abs(want[i]) + 4 * inv * (offset + 4)) * std::max(1.0, inv);
      }
      for (std::size_t i = 0; i < c(g); ++i) {
        const double inv = inv_std[i], var = 1 / (inv * inv);
        double* of_channel = units.data() + size(g) + i;
        // Up to 256 terms may be summed in the backend's scalar: sqrt(256) / 2 eps of |x|; the mean's error
        // times the distance of the pieces' means, 1 / 16, is what reaches the variance.
        of_channel[0] = of_channel[2 * c(g)] = 8 * (offset + 4);  // running_mean, mean
        of_channel[c(g)] = (8 + offset / 2) * (var + 2);          // running_var
        of_channel[3 * c(g)] = (8 + offset / 2) * inv * std::max(1.0, 1 / var);
      }
      test::check_operation<B>(forward(g, x), units);
    }
}
TEST_CASE_TEMPLATE_APPLY(batch_norm_forward, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("batch_norm: infer", B, batch_norm_infer) {
  for (const BatchNormGeometry g : cases) {
    CAPTURE(g.rows);
    CAPTURE(g.c);
    const Values x = test::normal(size(g), 1);
    Values units(size(g), 0.0);
    for (std::size_t i = 0; i < units.size(); ++i) units[i] = 4 * 4 * (std::abs(x[i]) + 4);
    test::check_operation<B>(infer(g, x, false), units);
    test::check_operation<B>(infer(g, x, true), units);
  }
}
TEST_CASE_TEMPLATE_APPLY(batch_norm_infer, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("batch_norm: backward", B, batch_norm_backward) {
  for (const BatchNormGeometry g : cases) {
    CAPTURE(g.rows);
    CAPTURE(g.c);
    const Values x = test::normal(size(g), 1);
    // Sums over the rows: sqrt(rows) eps of the terms' magnitudes, here of size 4·4 and their mean below 8.
    Values units(size(g) + 2 * c(g), 8 * 8 * std::sqrt(g.rows));
    for (std::size_t i = 0; i < size(g); ++i) units[i] = 4 * 64 * 8;
    test::check_operation<B>(backward(g, x, false), units);
    test::check_operation<B>(backward(g, x, true), units);
  }
}
TEST_CASE_TEMPLATE_APPLY(batch_norm_backward, test::Backends);
