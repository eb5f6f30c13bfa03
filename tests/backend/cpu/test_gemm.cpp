// SPDX-License-Identifier: MIT
#include <resnet/backend/cpu/gemm.hpp>
#include <resnet/backend/ref/ref.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "tests/support/values.hpp"

using namespace resnet;

namespace {

constexpr float guard = 12345.0f;

/// Whether a product of (rows, depth) and (depth, cols) stays within `scratch`.
template <bool TransposeA, bool TransposeB>
bool stays_within(const cpu::GemmBlocking& blocking, int rows, int cols, int depth) {
  std::vector<float> a(static_cast<std::size_t>(rows * depth), 1.0f),
      b(static_cast<std::size_t>(depth * cols), 1.0f);
  std::vector<float> c(static_cast<std::size_t>(rows * cols));
  const std::size_t scratch = blocking.scratch();
  Context<Ref<float>> ctx;
  const auto memory = ctx.scratch(scratch + (1 << 15));
  std::fill_n(memory.data() + scratch, 1 << 15, guard);
  cpu::gemm<TransposeA, TransposeB>(rows, cols, depth, {a.data(), TransposeA ? rows : depth},
                                    {b.data(), TransposeB ? depth : cols}, c.data(), cols, blocking,
                                    memory.data());
  return std::count(memory.data() + scratch, memory.data() + scratch + (1 << 15), guard) == 1 << 15;
}

}  // namespace

TEST_CASE("GemmBlocking: whole lines of 64 bytes, so that the next worker's piece is aligned") {
  for (const int cols : {1, 10, 27, 64})
    for (const int depth : {1, 27, 72, 147, 576})
      CHECK(cpu::GemmBlocking(512, cols, depth).scratch() % 16 == 0);
}

// Eigen's block sizes don't grow steadily with the product: a smaller one can
// need more memory.
TEST_CASE("GemmBlocking: enough for fewer rows, and for less depth") {
  for (const int some :
       {57, 60, 96, 108, 112, 130, 134, 204, 220, 236, 252, 308, 332, 408, 448, 480, 492, 508})
    for (const int cols : {1, 10, 27, 36, 64}) {
      CAPTURE(some);
      CAPTURE(cols);
      for (const int depth : {27, 64, 72, 128, 147, 288}) {
        CAPTURE(depth);
        const bool fewer_rows = stays_within<false, true>({512, cols, depth}, some, cols, depth);
        CHECK(fewer_rows);
      }
      for (const int rows : {8, 64}) {
        CAPTURE(rows);
        const bool less_depth = stays_within<true, false>({rows, cols, 512}, rows, cols, some);
        CHECK(less_depth);
      }
    }
}

TEST_CASE("gemm: adds to c, transposes what it is told to, and leaves the gaps between rows alone") {
  constexpr int rows = 5, cols = 7, depth = 33, gap = 3;
  const auto a = test::integers(rows * depth, 1), b = test::integers(depth * cols, 2);
  const auto check = [&]<bool TransposeA, bool TransposeB>() {
    std::vector<float> a_memory(a.begin(), a.end()), b_memory(b.begin(), b.end());
    std::vector<float> c(rows * (cols + gap), 100.0f);
    const cpu::GemmBlocking blocking(rows, cols, depth);
    Context<Ref<float>> ctx;
    const auto scratch = ctx.scratch(blocking.scratch());
    cpu::gemm<TransposeA, TransposeB>(rows, cols, depth, {a_memory.data(), TransposeA ? rows : depth},
                                      {b_memory.data(), TransposeB ? depth : cols}, c.data(), cols + gap,
                                      blocking, scratch.data());
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < cols + gap; ++j) {
        double want = 100;
        if (j < cols)
          for (int k = 0; k < depth; ++k)
            want += a[static_cast<std::size_t>(TransposeA ? k * rows + i : i * depth + k)] *
                    b[static_cast<std::size_t>(TransposeB ? j * depth + k : k * cols + j)];
        CHECK(c[static_cast<std::size_t>(i * (cols + gap) + j)] == want);
      }
  };
  check.operator()<false, false>();
  check.operator()<false, true>();
  check.operator()<true, false>();
  check.operator()<true, true>();
}
