// SPDX-License-Identifier: MIT
// The largest resident memory of one run. getrusage's ru_maxrss is no answer: it begins with that of the program which
// started this one, and never goes back. Linux counts anew for each program (VmHWM), and again after a reset.
#pragma once

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif
#include <sys/resource.h>

#include <cstdio>
#include <fstream>
#include <string>

/// Begins to count anew, from what the process holds now. Where the system doesn't allow it, counting goes on.
inline void reset_peak_memory() {
#ifdef __GLIBC__
  malloc_trim(0);  // what an earlier run in this process has freed
#endif
  std::ofstream("/proc/self/clear_refs") << 5;
}

/// In MB (10^6 bytes), since the reset.
inline double peak_memory_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (long kibibytes = 0; std::sscanf(line.c_str(), "VmHWM: %ld kB", &kibibytes) == 1)
      return static_cast<double>(kibibytes) * 1024e-6;
  rusage usage{};  // a system without /proc
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024e-6;
}
