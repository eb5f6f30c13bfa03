// SPDX-License-Identifier: MIT
#include <resnet/backend/cpu/parallel.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace resnet;

namespace {

float half(float x) {
  volatile float y = x;
  y = y * 0.5f;
  return y;
}

}  // namespace

TEST_CASE("denormals: flushed inside parallel regions, as before outside") {
  constexpr float smallest = 0x1p-126f;  // of the normal numbers
  REQUIRE(half(smallest) > 0);
  for (const int threads : {1, 2, 3}) {
    std::vector<float> inside(7, 1.0f);
    cpu::parallel_for(threads, inside.size(), [&](std::size_t i, std::size_t) { inside[i] = half(smallest); });
    for (const float x : inside) CHECK(x == 0);
    CHECK(half(smallest) > 0);
  }
}

TEST_CASE("denormals: a caller who flushes them himself goes on doing so") {
  const cpu::FlushDenormals flush;
  REQUIRE(half(0x1p-126f) == 0);
  cpu::parallel_for(2, 4, [](std::size_t, std::size_t) {});
  CHECK(half(0x1p-126f) == 0);
}
