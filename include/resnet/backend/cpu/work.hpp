// SPDX-License-Identifier: MIT
// What the body of an operation needs besides its operands. Not a template and of no instruction set, so that bodies
// can be compiled once (kernels.hpp).
#pragma once

#include <resnet/backend/cpu/memory.hpp>
#include <resnet/core/context.hpp>

#include <cstddef>
#include <utility>

namespace resnet {

/// Which algorithms convolutions may use: the fastest for each case, or direct sums only. Winograd's minimal
/// filtering, which most 3×3 convolutions use, rounds a little differently (1e-6 instead of 3e-7).
enum class ConvolutionAlgorithm { fastest, direct };

/// What a Context<Cpu> keeps.
struct CpuState {
  ConvolutionAlgorithm convolution = ConvolutionAlgorithm::fastest;
};

class CpuWork {
 public:
  using Scratch = Buffer<CpuMemory>;

  /// The caller's threads and memory.
  template <class B>
  explicit CpuWork(Context<B>& ctx)
      : threads_(ctx.threads()),
        convolution_(ctx.convolution),
        poison_(ctx.poisoned()),
        arena_(&ctx.scratch_memory()) {}
  /// One thread and a piece of memory, enough for what `release` said of the same operation.
  explicit CpuWork(float* memory) : memory_(memory) {}

  int threads() const { return threads_; }
  ConvolutionAlgorithm convolution() const { return convolution_; }

  /// Memory for the time of the operation.
  Scratch scratch(std::size_t count) {
    const std::size_t begin = used_;
    used_ += whole_lines(count);
    return arena_ ? detail::allocate<float>(*arena_, count, poison_) : Scratch(memory_ + begin);
  }
  /// The floats taken since the last call, which are free again.
  std::size_t release() { return std::exchange(used_, 0); }

  static std::size_t whole_lines(std::size_t floats) { return (floats + 15) / 16 * 16; }

 private:
  int threads_ = 1;
  ConvolutionAlgorithm convolution_ = ConvolutionAlgorithm::fastest;
  bool poison_ = false;
  Arena<CpuMemory>* arena_ = nullptr;
  float* memory_ = nullptr;
  std::size_t used_ = 0;
};

}  // namespace resnet
