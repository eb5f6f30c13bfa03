// SPDX-License-Identifier: MIT
#include <resnet/backend/cpu/conv2d_taps.hpp>
#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/backend/ref/ref.hpp>

#include <doctest/doctest.h>

#include "tests/support/values.hpp"

using namespace resnet;
using test::Operand;
using test::Values;

TEST_CASE("TapSum and DirectSum: the same bits, wherever the residual lies") {
  const Conv2dGeometry cases[] = {
      {1, 4, 4, 48, 4, 4, 64, 3, 1, 1},
      {1, 8, 8, 33, 4, 4, 65, 3, 2, 1},
      {3, 5, 7, 3, 3, 4, 7, 1, 2, 0},
      {2, 6, 5, 9, 1, 1, 17, 5, 3, 1},
  };
  for (const Conv2dGeometry& g : cases) {
    CAPTURE(g.out_c);
    Context<Cpu> ctx(2);
    CpuWork work(ctx);
    const cpu::WindowSum sum = cpu::WindowSum::forward(g);
    const std::size_t size = extent(g.n, g.out_h, g.out_w, g.out_c);
    const Values residuals = test::normal(size, 4);
    Operand<Cpu> x(test::normal(extent(g.n, g.in_h, g.in_w, g.in_c), 1)), bias(test::normal(extent(g.out_c), 3));
    Operand<Cpu> weight(test::normal(extent(g.out_c, g.kernel, g.kernel, g.in_c), 2)), residual(residuals);
    Operand<Cpu> packed(test::unwritten(cpu::PackedKernel::size(sum)));
    cpu::PackedKernel::pack(work, sum, weight.data(), packed.data());
    Operand<Cpu> taps(residuals), taps_apart(test::unwritten(size)), direct(residuals),
        direct_apart(test::unwritten(size));
    cpu::TapSum(g, packed.data(), {bias.data(), taps.data(), false}).run(work, x.data(), taps.data());
    cpu::TapSum(g, packed.data(), {bias.data(), residual.data(), false}).run(work, x.data(), taps_apart.data());
    cpu::DirectSum(sum, packed.data(), {bias.data(), direct.data(), false}).run(work, x.data(), direct.data());
    cpu::DirectSum(sum, packed.data(), {bias.data(), residual.data(), false}).run(work, x.data(), direct_apart.data());
    CHECK(direct_apart.values() == direct.values());
    CHECK(taps.values() == direct.values());
    CHECK(taps_apart.values() == direct.values());
  }
}

TEST_CASE("TapSum: the convolution, with everything that may follow it") {
  const Conv2dGeometry cases[] = {
      {1, 4, 4, 48, 4, 4, 64, 3, 1, 1}, {4, 4, 4, 16, 4, 4, 40, 3, 1, 1}, {1, 8, 8, 33, 4, 4, 65, 3, 2, 1},
      {3, 5, 7, 3, 3, 4, 7, 1, 2, 0},   {1, 3, 2, 5, 8, 7, 32, 3, 1, 3},  {64, 1, 1, 20, 1, 1, 10, 1, 1, 0},
      {2, 6, 5, 9, 1, 1, 17, 5, 3, 1},  {1, 8, 8, 32, 8, 8, 32, 3, 1, 1},
  };
  for (const Conv2dGeometry& g : cases) {
    REQUIRE(cpu::TapSum::serves(g));
    CAPTURE(g.out_c);
    // Sums of whole numbers are exact, so the order of summation doesn't show.
    const Values x = test::integers(extent(g.n, g.in_h, g.in_w, g.in_c), 1);
    const Values weight = test::integers(extent(g.out_c, g.kernel, g.kernel, g.in_c), 2);
    const Values bias = test::integers(extent(g.out_c), 3);
    const std::size_t size = extent(g.n, g.out_h, g.out_w, g.out_c);
    const Values residual = test::integers(size, 4);
    Context<Ref<double>> exact;
    Values expected(size);
    run<op::Conv2d>(exact, {.g = g, .x = x.data(), .weight = weight.data(), .bias = bias.data(), .y = expected.data()});
    for (std::size_t i = 0; i < size; ++i) expected[i] = std::max(expected[i] + residual[i], 0.0);

    for (const int threads : {1, 2, 3, 7}) {
      Context<Cpu> ctx(threads);
      ctx.poison(true);
      CpuWork work(ctx);
      Operand<Cpu> from(x), kernel(weight), summand(bias), y(residual);  // y: in place of the residual
      Operand<Cpu> packed(test::unwritten(cpu::PackedKernel::size(cpu::WindowSum::forward(g))));
      cpu::PackedKernel::pack(work, cpu::WindowSum::forward(g), kernel.data(), packed.data());
      cpu::TapSum(g, packed.data(), {summand.data(), y.data(), true}).run(work, from.data(), y.data());
      CHECK(y.values() == expected);
    }
  }
}
