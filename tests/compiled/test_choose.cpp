// SPDX-License-Identifier: MIT
// Which kernels resnet::compiled chooses.
#include <doctest/doctest.h>

#include <resnet/backend/cpu/cpu.hpp>

#include <cstdlib>
#include <string>

using namespace resnet;

namespace {

/// With RESNET_CPU set to `name`, or to what it was if there is none.
std::string chosen(const char* name) {
  const char* const before = std::getenv("RESNET_CPU");
  const std::string kept = before ? before : "";
  if (name) setenv("RESNET_CPU", name, 1);
  const auto restore = [&] { before ? setenv("RESNET_CPU", kept.c_str(), 1) : unsetenv("RESNET_CPU"); };
  try {
    const std::string result = choose_cpu_kernels(RESNET_VERSION).instruction_set;
    restore();
    return result;
  } catch (...) {
    restore();
    throw;
  }
}

}  // namespace

TEST_CASE("compiled kernels: the best that this processor has, once and for all") {
  const std::string best = chosen(nullptr);
  CHECK(Cpu::instruction_set() == best);
#ifdef __x86_64__
  const bool avx2 = __builtin_cpu_supports("avx2"), avx512 = avx2 && __builtin_cpu_supports("avx512bw");
  if (!std::getenv("RESNET_CPU")) CHECK(best == (avx512 ? "avx512" : avx2 ? "avx2" : "baseline"));
  CHECK(chosen("baseline") == "baseline");
  if (!avx512)
    CHECK_THROWS_WITH_AS(chosen("avx512"),
                         "RESNET_CPU: expected an instruction set of this processor, found \"avx512\"", Error);
#endif
}

TEST_CASE("compiled kernels: a wrong name and another version are refused, with both sides named") {
  for (const char* wrong : {"", "sse9", "AVX2"}) {
    CAPTURE(wrong);
    CHECK_THROWS_WITH_AS(chosen(wrong), doctest::Contains("RESNET_CPU: expected one of "), Error);
  }
  CHECK_THROWS_WITH_AS(choose_cpu_kernels("0.0.9"),
                       "resnet: the program was compiled with the headers of version 0.0.9, and linked with "
                       "resnet::compiled of version " RESNET_VERSION,
                       Error);
}
