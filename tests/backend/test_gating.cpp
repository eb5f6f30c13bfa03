// SPDX-License-Identifier: MIT
#include "tests/support/backends.hpp"

using namespace resnet;
using test::Operand;
using test::Values;

namespace {

constexpr std::size_t sizes[] = {1, 3, 17, 1000, 16'385, 50'001};

/// Four times a normal number: up to about ±18.
Values wide(std::size_t n) {
  Values x = test::normal(n, 1);
  for (double& v : x) v *= 4;
  return x;
}

struct Channels {
  int n, pixels, c;
  std::size_t gates() const { return static_cast<std::size_t>(n) * static_cast<std::size_t>(c); }
  std::size_t size() const { return gates() * static_cast<std::size_t>(pixels); }
};
constexpr Channels cases[] = {{1, 1, 1}, {3, 5, 17}, {2, 64, 32}, {7, 9, 3}};

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("sigmoid and silu: values", B, gating_forward) {
  for (const std::size_t n : sizes) {
    const Values x = wide(n);
    Values units(2 * n);
    for (std::size_t i = 0; i < n; ++i) {
      units[i] = 4 / (1 + std::exp(-x[i]));
      units[n + i] = units[i] * std::abs(x[i]);
    }
    for (const bool in_place : {false, true})
      test::check_operation<B>(
          [&]<class T>(Context<T>& ctx) {
            Operand<T> a(x), b(x), y(test::unwritten(n)), z(test::unwritten(n));
            Operand<T>&gate = in_place ? a : y, &silu = in_place ? b : z;
            T::sigmoid_forward(ctx, n, a.data(), gate.data());
            T::silu_forward(ctx, n, b.data(), silu.data());
            return test::join(gate.values(), silu.values());
          },
          units);
  }
}
TEST_CASE_TEMPLATE_APPLY(gating_forward, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("sigmoid and silu: gradients", B, gating_backward) {
  for (const std::size_t n : sizes) {
    const Values x = wide(n), dy = test::normal(n, 2);
    Values y(n), units(2 * n);
    for (std::size_t i = 0; i < n; ++i) {
      const double s = 1 / (1 + std::exp(-x[i]));
      y[i] = static_cast<float>(s);
      units[i] = 2 * std::abs(dy[i]) * s;
      units[n + i] = 4 * std::abs(dy[i]) * s * (1 + std::abs(x[i]));
    }
    for (const bool in_place : {false, true})
      test::check_operation<B>(
          [&]<class T>(Context<T>& ctx) {
            Operand<T> in(x), out(y), d(dy), e(dy), dx(test::unwritten(n)), ex(test::unwritten(n));
            Operand<T>&dgate = in_place ? d : dx, &dsilu = in_place ? e : ex;
            T::sigmoid_backward(ctx, n, out.data(), d.data(), dgate.data());
            T::silu_backward(ctx, n, in.data(), e.data(), dsilu.data());
            return test::join(dgate.values(), dsilu.values());
          },
          units);
  }
}
TEST_CASE_TEMPLATE_APPLY(gating_backward, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("sigmoid and silu: far from 0, and NaN", B, gating_far) {
  Context<B> ctx;
  const Values x{-100, -1e30, 100, 1e30, NAN};
  Operand<B> in(x), gate(test::unwritten(5)), silu(test::unwritten(5));
  B::sigmoid_forward(ctx, 5, in.data(), gate.data());
  B::silu_forward(ctx, 5, in.data(), silu.data());
  for (const int i : {0, 1}) CHECK(gate.values()[static_cast<std::size_t>(i)] < 1e-37);
  for (const int i : {2, 3}) CHECK(gate.values()[static_cast<std::size_t>(i)] == 1);
  CHECK(std::abs(silu.values()[0]) < 1e-35);
  CHECK(silu.values()[2] == 100);
  CHECK(std::isnan(gate.values()[4]));
  CHECK(std::isnan(silu.values()[4]));
}
TEST_CASE_TEMPLATE_APPLY(gating_far, test::Backends);

TEST_CASE_TEMPLATE_DEFINE("scale_channels", B, scale_channels_op) {
  for (const auto& [n, pixels, c] : cases) {
    const Channels of{n, pixels, c};
    const Values x = test::integers(of.size(), 1), s = test::integers(of.gates(), 2),
                 dy = test::integers(of.size(), 3);
    for (const bool in_place : {false, true})
      test::check_operation_exactly<B>([&, n = n, pixels = pixels, c = c]<class T>(Context<T>& ctx) {
        Operand<T> in(x), gates(s), d(dy), y(test::unwritten(of.size())), dx(test::unwritten(of.size())),
            ds(test::unwritten(of.gates()));
        Operand<T>&dto = in_place ? d : dx, &to = in_place ? in : y;
        T::scale_channels_backward(ctx, n, pixels, c, in.data(), gates.data(), d.data(), dto.data(),
                                   ds.data());
        T::scale_channels_forward(ctx, n, pixels, c, in.data(), gates.data(), to.data());
        return test::join(to.values(), dto.values(), ds.values());
      });
  }
  Context<B> ctx;
  Operand<B> x({1, 2, 3, 4}), s({10, 100}), y(test::unwritten(4));
  B::scale_channels_forward(ctx, 1, 2, 2, x.data(), s.data(), y.data());
  CHECK(y.values() == Values{10, 200, 30, 400});
}
TEST_CASE_TEMPLATE_APPLY(scale_channels_op, test::Backends);
