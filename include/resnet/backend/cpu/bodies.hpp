// SPDX-License-Identifier: MIT
// The bodies of the CPU's operations, for the instruction set that the translation unit is compiled for: one file per
// group of operations.
#pragma once

#include <resnet/backend/cpu/batch_norm.hpp>
#include <resnet/backend/cpu/channels.hpp>
#include <resnet/backend/cpu/conv2d.hpp>
#include <resnet/backend/cpu/conv2d_packed.hpp>
#include <resnet/backend/cpu/depthwise_conv2d.hpp>
#include <resnet/backend/cpu/elementwise.hpp>
#include <resnet/backend/cpu/layer_norm.hpp>
#include <resnet/backend/cpu/pooling.hpp>
#include <resnet/backend/ref/loss.hpp>

namespace resnet::inline RESNET_ISA {

namespace cpu {

#define RESNET_TEXT_OF(name) #name
#define RESNET_TEXT(macro) RESNET_TEXT_OF(macro)
inline constexpr const char* instruction_set = RESNET_TEXT(RESNET_ISA);
#undef RESNET_TEXT
#undef RESNET_TEXT_OF

}  // namespace cpu

struct CpuBodies : CpuBatchNorm,
                   CpuChannels,
                   CpuConv2d,
                   CpuPackedConv2d,
                   CpuDepthwiseConv2d,
                   CpuElementwise,
                   CpuLayerNorm,
                   CpuPooling,
                   RefLoss<float> {  // a few thousand numbers a step: the reference serves
  using CpuBatchNorm::run, CpuChannels::run, CpuConv2d::run, CpuPackedConv2d::run, CpuDepthwiseConv2d::run,
      CpuElementwise::run, CpuLayerNorm::run, CpuPooling::run, RefLoss<float>::run;
};

}  // namespace resnet::inline RESNET_ISA
