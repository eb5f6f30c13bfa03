// SPDX-License-Identifier: MIT
// The executable specification: naive loops, one file per group of operations, for any floating type.
#pragma once

#include <resnet/backend/ref/batch_norm.hpp>
#include <resnet/backend/ref/channels.hpp>
#include <resnet/backend/ref/conv2d.hpp>
#include <resnet/backend/ref/depthwise_conv2d.hpp>
#include <resnet/backend/ref/elementwise.hpp>
#include <resnet/backend/ref/layer_norm.hpp>
#include <resnet/backend/ref/loss.hpp>
#include <resnet/backend/ref/memory.hpp>
#include <resnet/backend/ref/parameters.hpp>
#include <resnet/backend/ref/pooling.hpp>
#include <resnet/core/backend.hpp>
#include <resnet/core/bf16.hpp>

namespace resnet {

/// P: element type of parameters and sums, A: of activations. Ref<float, bf16> is what mixed precision means: bf16 is
/// read exactly, computed with in float, and rounded where a result is written, once.
template <class P, class A>
struct Ref : RefMemory<P, A>,
             RefBatchNorm<P, A>,
             RefChannels<P, A>,
             RefConv2d<P, A>,
             RefDepthwiseConv2d<P, A>,
             RefElementwise<P, A>,
             RefLayerNorm<P, A>,
             RefLoss<P, A>,
             RefParameters<P, A>,
             RefPooling<P, A> {
  using RefBatchNorm<P, A>::run, RefChannels<P, A>::run, RefConv2d<P, A>::run, RefDepthwiseConv2d<P, A>::run,
      RefElementwise<P, A>::run, RefLayerNorm<P, A>::run, RefLoss<P, A>::run, RefParameters<P, A>::run,
      RefPooling<P, A>::run;
  static int max_threads() { return 1; }
};

static_assert(Backend<Ref<float>> && Backend<Ref<double>> && Backend<Ref<float, bf16>> && Backend<Ref<double, bf16>>);

}  // namespace resnet
