// SPDX-License-Identifier: MIT
// The update rules: Ref<double> against formulas written out here, every backend against Ref<double>.
#include <resnet/op/parameters.hpp>

#include "tests/support/backends.hpp"

using namespace resnet;
using test::Operand;
using test::Values;

namespace {

constexpr std::size_t sizes[] = {1, 17, 16'383, 16'385, 40'000};

/// Three steps on gradient 1, then 2, 3 times it; the parameter and the two states afterwards. step(ctx, k, gradient,
/// state, state, parameter) is a generic lambda, so that the same one runs on every backend.
auto run(const Values& w, auto step) {
  return [&w, step]<class B>(Context<B>& ctx) {
    const std::size_t n = w.size();
    Operand<B> parameter(w), a(Values(n, 0.0)), b(Values(n, 0.0));
    for (int k = 1; k <= 3; ++k) {
      Values g = test::normal(n, 7);
      for (double& x : g) x *= k;
      Operand<B> gradient(g);
      step(ctx, k, n, gradient.data(), a.data(), b.data(), parameter.data());
    }
    return test::join(parameter.values(), a.values(), b.values());
  };
}

template <class B>
void check_steps(auto step) {
  for (const std::size_t n : sizes) {
    const Values w = test::normal(n, 1);
    const auto op = run(w, step);
    Context<Ref<double>> exact;
    Values units = test::absolute(op(exact));
    for (double& u : units) u = 16 * (u + 8);
    test::check_operation<B>(op, units);
  }
}

auto sgd(double lr, double momentum, double weight_decay, bool nesterov) {
  return [=](auto& ctx, int, std::size_t n, const auto* g, auto* v, auto*, auto* w) {
    resnet::run<op::SgdStep>(ctx, {.count = n,
                                   .lr = lr,
                                   .momentum = momentum,
                                   .weight_decay = weight_decay,
                                   .nesterov = nesterov,
                                   .gradient = g,
                                   .velocity = v,
                                   .weight = w});
  };
}
auto adam(double lr, double beta1, double beta2, double eps, double weight_decay, bool decoupled) {
  return [=](auto& ctx, int k, std::size_t n, const auto* g, auto* m, auto* v, auto* w) {
    resnet::run<op::AdamStep>(ctx, {.count = n,
                                    .lr = lr,
                                    .beta1 = beta1,
                                    .beta2 = beta2,
                                    .eps = eps,
                                    .weight_decay = weight_decay,
                                    .decoupled = decoupled,
                                    .step = k,
                                    .gradient = g,
                                    .mean = m,
                                    .square = v,
                                    .weight = w});
  };
}
auto rmsprop(double lr, double alpha, double eps, double weight_decay, double momentum) {
  return [=](auto& ctx, int, std::size_t n, const auto* g, auto* square, auto* v, auto* w) {
    resnet::run<op::RmsPropStep>(ctx, {.count = n,
                                       .lr = lr,
                                       .alpha = alpha,
                                       .eps = eps,
                                       .weight_decay = weight_decay,
                                       .momentum = momentum,
                                       .gradient = g,
                                       .square = square,
                                       .velocity = v,
                                       .weight = w});
  };
}

/// The parameter after the three steps on Ref<double>, for one element.
double last_parameter(auto step, double w0) {
  Context<Ref<double>> ctx;
  return run({w0}, step)(ctx)[0];
}
const double gradient = test::normal(1, 7)[0];

}  // namespace

TEST_CASE("sgd_step: torch.optim.SGD") {
  double w = 0.7, v = 0;
  for (int k = 1; k <= 3; ++k) {
    const double g = k * gradient + 0.01 * w;
    v = k == 1 ? g : 0.9 * v + g;
    w -= 0.1 * (g + 0.9 * v);
  }
  CHECK(last_parameter(sgd(0.1, 0.9, 0.01, true), 0.7) == doctest::Approx(w).epsilon(1e-14));
  w = 0.7;
  for (int k = 1; k <= 3; ++k) w -= 0.1 * k * gradient;
  CHECK(last_parameter(sgd(0.1, 0, 0, false), 0.7) == doctest::Approx(w).epsilon(1e-14));
}

TEST_CASE("adam_step: torch.optim.Adam and AdamW") {
  for (const bool decoupled : {false, true}) {
    double w = 0.7, m = 0, v = 0;
    for (int k = 1; k <= 3; ++k) {
      double g = k * gradient;
      if (decoupled)
        w *= 1 - 0.1 * 0.02;
      else
        g += 0.02 * w;
      m = 0.9 * m + 0.1 * g;
      v = 0.99 * v + 0.01 * g * g;
      w -= 0.1 * (m / (1 - std::pow(0.9, k))) / (std::sqrt(v / (1 - std::pow(0.99, k))) + 1e-3);
    }
    CHECK(last_parameter(adam(0.1, 0.9, 0.99, 1e-3, 0.02, decoupled), 0.7) == doctest::Approx(w).epsilon(1e-14));
  }
}

TEST_CASE("rmsprop_step: torch.optim.RMSprop") {
  double w = 0.7, square = 0, v = 0;
  for (int k = 1; k <= 3; ++k) {
    const double g = k * gradient + 0.02 * w;
    square = 0.95 * square + 0.05 * g * g;
    v = 0.5 * v + g / (std::sqrt(square) + 1e-3);
    w -= 0.1 * v;
  }
  CHECK(last_parameter(rmsprop(0.1, 0.95, 1e-3, 0.02, 0.5), 0.7) == doctest::Approx(w).epsilon(1e-14));
}

TEST_CASE_TEMPLATE_DEFINE("optimizer steps", B, optimizer_steps) {
  check_steps<B>(sgd(0.1, 0, 0.01, false));
  check_steps<B>(sgd(0.1, 0.9, 0.01, false));
  check_steps<B>(sgd(0.1, 0.9, 0, true));
  check_steps<B>(adam(0.1, 0.9, 0.99, 1e-3, 0.02, false));
  check_steps<B>(adam(0.1, 0.9, 0.99, 1e-3, 0.02, true));
  check_steps<B>(rmsprop(0.1, 0.95, 1e-3, 0.02, 0.5));
}
TEST_CASE_TEMPLATE_APPLY(optimizer_steps, test::Backends);
