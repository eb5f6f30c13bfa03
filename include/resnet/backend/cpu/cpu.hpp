// SPDX-License-Identifier: MIT
// The backend for CPUs, in float: one file per group of operations.
#pragma once

#include <resnet/backend/cpu/batch_norm.hpp>
#include <resnet/backend/cpu/channels.hpp>
#include <resnet/backend/cpu/conv2d.hpp>
#include <resnet/backend/cpu/depthwise_conv2d.hpp>
#include <resnet/backend/cpu/elementwise.hpp>
#include <resnet/backend/cpu/memory.hpp>
#include <resnet/backend/cpu/pooling.hpp>
#include <resnet/backend/ref/loss.hpp>
#include <resnet/core/backend.hpp>

// A message and no #warning, which -Werror would make an error.
#ifndef RESNET_ALLOW_SLOW_BUILD
#ifndef __OPTIMIZE__
#pragma message("resnet is slow without optimization: compile with -O3, or define RESNET_ALLOW_SLOW_BUILD")
#elif defined(__x86_64__) && !(defined(__AVX2__) && defined(__FMA__))
#pragma message("resnet is slow without AVX2 and FMA: compile with -march=native, or define RESNET_ALLOW_SLOW_BUILD")
#endif
#endif

namespace resnet {

inline namespace RESNET_ISA {

struct Cpu : CpuMemory,
             CpuBatchNorm,
             CpuChannels,
             CpuConv2d,
             CpuDepthwiseConv2d,
             CpuElementwise,
             CpuPooling,
             RefLoss<float> {  // a few thousand numbers a step: the reference serves
  using CpuBatchNorm::run, CpuChannels::run, CpuConv2d::run, CpuDepthwiseConv2d::run, CpuElementwise::run,
      CpuPooling::run, RefLoss<float>::run;
  static int max_threads() { return cpu::max_threads(); }
};

}  // namespace RESNET_ISA

static_assert(Backend<Cpu>);

}  // namespace resnet
