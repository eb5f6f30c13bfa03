// SPDX-License-Identifier: MIT
#include <resnet/backend/cpu/simd/exp.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace resnet;
using cpu::lanes;

namespace {

float exp_of(float x) {
  float y[lanes];
  cpu::store(y, cpu::exp(cpu::broadcast(x)));
  return y[lanes - 1];
}

}  // namespace

TEST_CASE("exp: 1.5 units in the last place over the whole range") {
  double worst = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const float x = -87.3f + 175.6f * static_cast<float>(i) / 1e6f;
    const double want = std::exp(double{x}), unit = std::ldexp(1.0, std::ilogb(want) - 23);
    worst = std::max(worst, std::abs(exp_of(x) - want) / unit);
  }
  CHECK(worst <= 1.5);
  MESSAGE("worst: ", worst, " units");
}

TEST_CASE("exp: each lane its own, the ends of the range, NaN") {
  float x[lanes], y[lanes];
  for (int i = 0; i < lanes; ++i) x[i] = static_cast<float>(i - 2);
  cpu::store(y, cpu::exp(cpu::load(x)));
  for (int i = 0; i < lanes; ++i) CHECK(y[i] == doctest::Approx(std::exp(x[i])).epsilon(1e-6));
  CHECK(exp_of(0) == 1);
  const float inf = std::numeric_limits<float>::infinity();
  CHECK(exp_of(-inf) == exp_of(-87.3f));
  CHECK(exp_of(inf) == exp_of(88.3f));
  CHECK(std::isfinite(exp_of(inf)));
  CHECK(std::isnan(exp_of(NAN)));
}
