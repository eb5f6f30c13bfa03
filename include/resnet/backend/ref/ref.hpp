// SPDX-License-Identifier: MIT
// The executable specification: naive loops, one file per group of operations, for any floating type.
#pragma once

#include <resnet/backend/ref/batch_norm.hpp>
#include <resnet/backend/ref/conv2d.hpp>
#include <resnet/backend/ref/depthwise_conv2d.hpp>
#include <resnet/backend/ref/elementwise.hpp>
#include <resnet/backend/ref/fill.hpp>
#include <resnet/backend/ref/gating.hpp>
#include <resnet/backend/ref/loss.hpp>
#include <resnet/backend/ref/memory.hpp>
#include <resnet/backend/ref/optimizer.hpp>
#include <resnet/backend/ref/pooling.hpp>

namespace resnet {

template <class T>
struct Ref : RefMemory<T>,
             RefElementwise<T>,
             RefConv2d<T>,
             RefDepthwiseConv2d<T>,
             RefGating<T>,
             RefBatchNorm<T>,
             RefPooling<T>,
             RefLoss<T>,
             RefOptimizer<T>,
             RefFill<T> {
  static int max_threads() { return 1; }
};

static_assert(Backend<Ref<float>> && Backend<Ref<double>>);

}  // namespace resnet
