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

/// What follows the normalisation, and where the result goes.
struct Form {
  bool skip, relu, in_place;
};
constexpr Form forms[] = {{false, false, false}, {false, true, false}, {true, false, true},
                          {true, true, false},   {true, true, true},   {false, true, true}};

/// y, the new running statistics, mean and inv_std.
auto forward(BatchNormGeometry g, const Values& x, Form form) {
  return [g, &x, form]<class B>(Context<B>& ctx) {
    Operand<B> in(x), weight(test::normal(c(g), 2)), bias(test::normal(c(g), 3)), rm(test::normal(c(g), 4)),
        rv(variances(g, 5)), skip(test::normal(size(g), 6)), y(test::unwritten(size(g))),
        mean(test::unwritten(c(g))), inv_std(test::unwritten(c(g)));
    auto& out = form.in_place ? form.skip ? skip : in : y;
    B::batch_norm_forward(ctx, g, eps, momentum, in.data(), weight.data(), bias.data(), rm.data(), rv.data(),
                          form.skip ? skip.data() : nullptr, form.relu, out.data(), mean.data(),
                          inv_std.data());
    return test::join(out.values(), rm.values(), rv.values(), mean.values(), inv_std.values());
  };
}

auto infer(BatchNormGeometry g, const Values& x, Form form) {
  return [g, &x, form]<class B>(Context<B>& ctx) {
    Operand<B> in(x), weight(test::normal(c(g), 2)), bias(test::normal(c(g), 3)), rm(test::normal(c(g), 4)),
        rv(variances(g, 5)), skip(test::normal(size(g), 6)), y(test::unwritten(size(g)));
    auto& out = form.in_place ? in : y;
    B::batch_norm_infer(ctx, g, eps, in.data(), weight.data(), bias.data(), rm.data(), rv.data(),
                        form.skip ? skip.data() : nullptr, form.relu, out.data());
    return out.values();
  };
}

/// dx, dskip (or dy), dweight, dbias. y is whatever: its sign decides.
auto backward(BatchNormGeometry g, const Values& x, Form form) {
  return [g, &x, form]<class B>(Context<B>& ctx) {
    Operand<B> in(x), weight(test::normal(c(g), 2)), bias(test::normal(c(g), 3)), mean(test::normal(c(g), 6)),
        inv_std(variances(g, 5)), y(test::normal(size(g), 10)), dy(test::normal(size(g), 7)),
        dskip(test::unwritten(size(g))), dx(test::unwritten(size(g))), dweight(test::normal(c(g), 8)),
        dbias(test::normal(c(g), 9));
    auto& skip = form.in_place ? dy : dskip;
    auto& out = !form.in_place ? dx : form.skip ? in : dy;
    B::batch_norm_backward(ctx, g, in.data(), weight.data(), bias.data(), mean.data(), inv_std.data(),
                           form.skip ? y.data() : nullptr, form.relu, dy.data(),
                           form.skip ? skip.data() : nullptr, out.data(), dweight.data(), dbias.data());
    return test::join(out.values(), form.skip ? skip.values() : Values(), dweight.values(), dbias.values());
  };
}

/// Where the recomputed value is so close to 0 that its sign is a matter of rounding, a ReLU's mask may
/// differ.
bool clear_of_zero(BatchNormGeometry g, const Values& x) {
  const Values weight = test::normal(c(g), 2), bias = test::normal(c(g), 3), mean = test::normal(c(g), 6),
               inv_std = variances(g, 5);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t k = i % c(g);
    if (std::abs(weight[k] * (x[i] - mean[k]) * inv_std[k] + bias[k]) < 1e-5) return false;
  }
  return true;
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
      for (const Form form : forms) {
        const Values want = forward(g, x, form)(exact);
        const double* inv_std = want.data() + want.size() - c(g);
        // y: errors of mean and x - mean, a few eps of |x| + 1, times |weight|·inv_std (|weight| < 4).
        Values units(want.size());
        for (std::size_t i = 0; i < size(g); ++i) {
          const double inv = inv_std[i % c(g)];
          units[i] =
              4 * (std::abs(want[i]) + (form.skip ? 4 : 0) + 4 * inv * (offset + 4)) * std::max(1.0, inv);
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
        test::check_operation<B>(forward(g, x, form), units);
      }
    }
}
TEST_CASE_TEMPLATE_APPLY(batch_norm_forward, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("batch_norm: forward with the running statistics", B, batch_norm_forward_running) {
  for (BatchNormGeometry g : cases) {
    CAPTURE(g.rows);
    CAPTURE(g.c);
    g.statistics = Statistics::running;
    const Values x = test::normal(size(g), 1);
    Values units(size(g) + 4 * c(g), 0.0);  // they stay, and mean is one of them
    for (std::size_t i = 0; i < size(g); ++i) units[i] = 4 * 4 * (std::abs(x[i]) + 4);
    // running_var is rounded on its way to the backend.
    for (std::size_t i = 0; i < c(g); ++i) units[size(g) + c(g) + i] = units[size(g) + 3 * c(g) + i] = 4;
    Context<B> ctx;
    for (const Form form : forms) {
      test::check_operation<B>(forward(g, x, form), units);
      Values y = forward(g, x, form)(ctx);
      const auto at = [&](std::size_t part) {
        return y.begin() + static_cast<std::ptrdiff_t>(size(g) + part * c(g));
      };
      CHECK(Values(at(1), at(2)) == Operand<B>(variances(g, 5)).values());
      y.resize(size(g));
      CHECK(y == infer(g, x, form)(ctx));
    }
  }
}
TEST_CASE_TEMPLATE_APPLY(batch_norm_forward_running, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("batch_norm: infer", B, batch_norm_infer) {
  for (const BatchNormGeometry g : cases) {
    CAPTURE(g.rows);
    CAPTURE(g.c);
    const Values x = test::normal(size(g), 1);
    Values units(size(g), 0.0);
    for (std::size_t i = 0; i < units.size(); ++i) units[i] = 4 * 4 * (std::abs(x[i]) + 4);
    for (const Form form : forms) test::check_operation<B>(infer(g, x, form), units);
  }
}
TEST_CASE_TEMPLATE_APPLY(batch_norm_infer, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("batch_norm: backward", B, batch_norm_backward) {
  for (BatchNormGeometry g : cases) {
    CAPTURE(g.rows);
    CAPTURE(g.c);
    Values x = test::normal(size(g), 1);
    for (std::uint64_t id = 11; !clear_of_zero(g, x); ++id) x = test::normal(size(g), id);
    for (const Form form : forms)
      for (const Statistics statistics : {Statistics::batch, Statistics::running}) {
        g.statistics = statistics;
        if (form.skip && !form.relu) continue;  // nobody needs that
        // Sums over the rows: sqrt(rows) eps of the terms' magnitudes, here of size 4·4 and their mean
        // below 8.
        Values units((form.skip ? 2 : 1) * size(g) + 2 * c(g), 8 * 8 * std::sqrt(g.rows));
        for (std::size_t i = 0; i < size(g); ++i) units[i] = 4 * 64 * 8;
        for (std::size_t i = 0; form.skip && i < size(g); ++i) units[size(g) + i] = 0;
        test::check_operation<B>(backward(g, x, form), units);
      }
  }
}
TEST_CASE_TEMPLATE_APPLY(batch_norm_backward, test::Backends);
