// SPDX-License-Identifier: MIT
// Which of the tables of kernels.cpp serves: compiled for any processor of the architecture.
#include <resnet/backend/cpu/kernels.hpp>

#include <cstdlib>
#include <string>
#include <string_view>

namespace resnet {

extern "C" const CpuKernels resnet_cpu_kernels_avx512, resnet_cpu_kernels_avx2, resnet_cpu_kernels_neon,
    resnet_cpu_kernels_baseline;

namespace {

struct Choice {
  const CpuKernels& kernels;
  bool runs_here;
};

std::string_view name_of(const Choice& choice) { return choice.kernels.instruction_set; }

const CpuKernels& choose() {
#ifdef __x86_64__
  __builtin_cpu_init();
  [[maybe_unused]] const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                                   __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  [[maybe_unused]] const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                                   __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                                   __builtin_cpu_supports("avx512vl");
#endif
  // Best first.
  const Choice choices[] = {
#ifdef RESNET_HAS_avx512
      {resnet_cpu_kernels_avx512, v4},
#endif
#ifdef RESNET_HAS_avx2
      {resnet_cpu_kernels_avx2, v3},
#endif
#ifdef RESNET_HAS_neon
      {resnet_cpu_kernels_neon, true},
#endif
#ifdef RESNET_HAS_baseline
      {resnet_cpu_kernels_baseline, true},
#endif
  };
  const char* const wanted = std::getenv("RESNET_CPU");
  std::string names;
  for (const Choice& choice : choices) {
    if (wanted && name_of(choice) == wanted && !choice.runs_here)
      throw Error("RESNET_CPU: expected an instruction set of this processor, found \"" + std::string(wanted) + "\"");
    if (wanted ? name_of(choice) == wanted : choice.runs_here) return choice.kernels;
    names += (names.empty() ? "" : ", ") + std::string(name_of(choice));
  }
  throw Error("RESNET_CPU: expected one of " + names + ", found \"" + std::string(wanted) + "\"");
}

}  // namespace

const CpuKernels& choose_cpu_kernels(const char* version) {
  if (std::string_view(version) != RESNET_VERSION)
    throw Error("resnet: the program was compiled with the headers of version " + std::string(version) +
                ", and linked with resnet::compiled of version " RESNET_VERSION);
  return choose();
}

}  // namespace resnet
