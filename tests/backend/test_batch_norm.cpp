// SPDX-License-Identifier: MIT
#include <resnet/op/batch_norm.hpp>

#include <utility>

#include "tests/support/operation.hpp"

using namespace resnet;
using test::Values;

namespace {

struct Size {
  int rows, channels;
};
// The Cpu backend works on pieces of 256 rows.
constexpr Size sizes[] = {{2, 1},   {3, 17},  {5, 64},   {8, 16},   {255, 3},  {256, 8}, {257, 15},
                          {511, 1}, {512, 3}, {513, 16}, {1025, 8}, {4096, 2}, {867, 64}};
constexpr double eps = 1e-5, momentum = 0.1;

Values variances(std::size_t channels, std::uint64_t id) {
  Values v = test::absolute(test::normal(channels, id));
  for (double& x : v) x += 0.5;
  return v;
}
Values deviations(std::size_t channels, std::uint64_t id) {
  Values v = variances(channels, id);
  for (double& x : v) x = static_cast<float>(1 / std::sqrt(x));
  return v;
}

/// What follows the normalisation, and where the result goes.
struct Form {
  bool skip, relu, in_place;
  op::Activation activation() const { return relu ? op::Activation::relu : op::Activation::none; }
};
constexpr Form forms[] = {{false, false, false}, {false, true, false}, {true, false, true},
                          {true, true, false},   {true, true, true},   {false, true, true}};

/// Operands of all five operations.
struct Operands {
  std::size_t c, count;
  Values x, weight, bias, mean, inv_std, running_mean, running_var, skip, y, dy, dskip, dx, dweight, dbias;

  explicit Operands(Size size, double offset = 0, std::uint64_t id = 1)
      : c(static_cast<std::size_t>(size.channels)),
        count(static_cast<std::size_t>(size.rows) * c),
        x(test::normal(count, id, offset)),
        weight(test::normal(c, 2)),
        bias(test::normal(c, 3)),
        mean(test::normal(c, 4)),
        inv_std(deviations(c, 5)),
        running_mean(test::normal(c, 6)),
        running_var(variances(c, 7)),
        skip(test::normal(count, 8)),
        y(test::unwritten(count)),
        dy(test::normal(count, 9)),
        dskip(test::unwritten(count)),
        dx(test::unwritten(count)),
        dweight(test::normal(c, 10)),
        dbias(test::normal(c, 11)) {}

  /// Errors of x - mean, the products and sums, a few eps of |weight| · (|x| + |mean|) · inv_std with |weight| < 4.
  Values units_of_y() const {
    Values units;
    for (const double value : x) units.push_back(4 * 4 * (std::abs(value) + 4));
    return units;
  }
  /// Where the recomputed value is so close to 0 that its sign is a matter of rounding, a ReLU's mask may differ.
  bool clear_of_zero() const {
    for (std::size_t i = 0; i < count; ++i)
      if (std::abs(weight[i % c] * (x[i] - mean[i % c]) * inv_std[i % c] + bias[i % c]) < 1e-5) return false;
    return true;
  }
};

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("batch_norm: statistics of the batch", B, batch_statistics) {
  for (const Size s : sizes)
    // Far from zero with a small spread the variance would be lost if squares were summed.
    for (const double offset : {0.0, 100.0}) {
      CAPTURE(s.rows);
      CAPTURE(s.channels);
      CAPTURE(offset);
      Operands o(s, offset);
      const op::BatchStatistics<Values, Values> operation{.rows = s.rows,
                                                          .channels = s.channels,
                                                          .eps = eps,
                                                          .momentum = momentum,
                                                          .x = &o.x,
                                                          .running_mean = &o.running_mean,
                                                          .running_var = &o.running_var,
                                                          .mean = &o.mean,
                                                          .inv_std = &o.inv_std};
      Context<Ref<double>> exact;
      const Values want = test::run_on(exact, operation);
      Values units(want.size());
      for (std::size_t i = 0; i < o.c; ++i) {
        const double inv = want[3 * o.c + i], var = 1 / (inv * inv);
        // Up to 256 terms may be summed in the backend's scalar: sqrt(256) / 2 eps of |x|; the mean's error
        // times the distance of the pieces' means, 1 / 16, is what reaches the variance.
        units[i] = units[2 * o.c + i] = 8 * (offset + 4);  // running_mean, mean
        units[o.c + i] = (8 + offset / 2) * (var + 2);     // running_var
        units[3 * o.c + i] = (8 + offset / 2) * inv * std::max(1.0, 1 / var);
      }
      test::check_operation<B>(operation, units);
    }
}
TEST_CASE_TEMPLATE_APPLY(batch_statistics, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("batch_norm: running statistics", B, running_statistics) {
  Operands o({2, 17});
  const op::RunningStatistics<Values, Values> operation{.channels = 17,
                                                        .eps = eps,
                                                        .running_mean = &o.running_mean,
                                                        .running_var = &o.running_var,
                                                        .mean = &o.mean,
                                                        .inv_std = &o.inv_std};
  test::check_operation<B>(operation, test::join(Values(17, 0.0), Values(17, 4.0)));
}
TEST_CASE_TEMPLATE_APPLY(running_statistics, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("batch_norm: normalize, and what follows", B, normalize) {
  for (const Size s : sizes)
    for (const Form form : forms) {
      CAPTURE(s.rows);
      CAPTURE(s.channels);
      Operands o(s);
      Values& y = !form.in_place ? o.y : form.skip ? o.skip : o.x;
      test::check_operation<B>(op::Normalize<Values, Values>{.rows = s.rows,
                                                             .channels = s.channels,
                                                             .x = &o.x,
                                                             .weight = &o.weight,
                                                             .bias = &o.bias,
                                                             .mean = &o.mean,
                                                             .inv_std = &o.inv_std,
                                                             .skip = form.skip ? &o.skip : nullptr,
                                                             .activation = form.activation(),
                                                             .y = &y},
                               o.units_of_y());
      test::check_operation<B>(op::BatchNormInfer<Values, Values>{.rows = s.rows,
                                                                  .channels = s.channels,
                                                                  .eps = eps,
                                                                  .x = &o.x,
                                                                  .weight = &o.weight,
                                                                  .bias = &o.bias,
                                                                  .running_mean = &o.running_mean,
                                                                  .running_var = &o.running_var,
                                                                  .skip = form.skip ? &o.skip : nullptr,
                                                                  .activation = form.activation(),
                                                                  .y = &y},
                               o.units_of_y());
    }
}
TEST_CASE_TEMPLATE_APPLY(normalize, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("batch_norm: infer has the bits of normalizing by the running statistics", B, infer_bits) {
  Operands o({257, 15});
  const Values statistics = test::run_on<B>(op::RunningStatistics<Values, Values>{.channels = 15,
                                                                                  .eps = eps,
                                                                                  .running_mean = &o.running_mean,
                                                                                  .running_var = &o.running_var,
                                                                                  .mean = &o.mean,
                                                                                  .inv_std = &o.inv_std});
  o.mean.assign(statistics.begin(), statistics.begin() + 15);
  o.inv_std.assign(statistics.begin() + 15, statistics.end());
  CHECK(test::run_on<B>(op::Normalize<Values, Values>{.rows = 257,
                                                      .channels = 15,
                                                      .x = &o.x,
                                                      .weight = &o.weight,
                                                      .bias = &o.bias,
                                                      .mean = &o.mean,
                                                      .inv_std = &o.inv_std,
                                                      .y = &o.y}) ==
        test::run_on<B>(op::BatchNormInfer<Values, Values>{.rows = 257,
                                                           .channels = 15,
                                                           .eps = eps,
                                                           .x = &o.x,
                                                           .weight = &o.weight,
                                                           .bias = &o.bias,
                                                           .running_mean = &o.running_mean,
                                                           .running_var = &o.running_var,
                                                           .y = &o.y}));
}
TEST_CASE_TEMPLATE_APPLY(infer_bits, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("batch_norm: backward", B, normalize_backward) {
  for (const Size s : sizes) {
    CAPTURE(s.rows);
    CAPTURE(s.channels);
    std::uint64_t id = 1;
    while (!Operands(s, 0, id).clear_of_zero()) id += 100;
    for (const Form form : forms)
      for (const Statistics statistics : {Statistics::batch, Statistics::running}) {
        if (form.skip && !form.relu) continue;  // nobody needs that
        Operands o(s, 0, id);
        Values y = test::normal(o.count, 12);  // whatever: its sign decides
        Values& dskip = form.in_place ? o.dy : o.dskip;
        Values& dx = !form.in_place ? o.dx : form.skip ? o.x : o.dy;
        const op::NormalizeBackward<Values, Values> operation{.rows = s.rows,
                                                              .channels = s.channels,
                                                              .statistics = statistics,
                                                              .x = &o.x,
                                                              .weight = &o.weight,
                                                              .bias = &o.bias,
                                                              .mean = &o.mean,
                                                              .inv_std = &o.inv_std,
                                                              .activation = form.activation(),
                                                              .y = form.skip ? &y : nullptr,
                                                              .dy = &o.dy,
                                                              .dskip = form.skip ? &dskip : nullptr,
                                                              .dx = &dx,
                                                              .dweight = &o.dweight,
                                                              .dbias = &o.dbias};
        // Sums over the rows: sqrt(rows) eps of the terms' magnitudes, here of size 4·4 and their mean below 8.
        const Values of_dx(o.count, 4 * 64 * 8), of_sums(2 * o.c, 8 * 8 * std::sqrt(s.rows));
        test::check_operation<B>(operation, test::join(Values(form.skip ? o.count : 0, 0.0), of_dx, of_sums));
      }
  }
}
TEST_CASE_TEMPLATE_APPLY(normalize_backward, test::Backends);
