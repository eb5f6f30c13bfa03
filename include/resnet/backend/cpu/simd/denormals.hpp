// SPDX-License-Identifier: MIT
// Numbers below 1e-38 are computed in microcode, a hundred times slower, and mean nothing to a network: while
// one of these lives, the thread's processor takes them for 0. The caller's setting comes back afterwards.
#pragma once

#include <resnet/core/fwd.hpp>

#include <cstdint>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace resnet::inline RESNET_ISA::cpu {

class FlushDenormals {
 public:
  FlushDenormals() : before_(get()) { set(before_ | flush); }
  ~FlushDenormals() { set(before_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(__SSE__)
  using State = unsigned;
  static constexpr State flush = 0x8040;  // results, and operands
  static State get() { return _mm_getcsr(); }
  static void set(State s) { _mm_setcsr(s); }
#elif defined(__aarch64__)
  using State = std::uint64_t;
  static constexpr State flush = State{1} << 24;
  static State get() {
    State s;
    asm volatile("mrs %0, fpcr" : "=r"(s));
    return s;
  }
  static void set(State s) { asm volatile("msr fpcr, %0" ::"r"(s)); }
#else
  using State = int;
  static constexpr State flush = 0;
  static State get() { return 0; }
  static void set(State) {}
#endif
  State before_;
};

}  // namespace resnet::inline RESNET_ISA::cpu
