// SPDX-License-Identifier: MIT
// The executable specification: naive loops, one file per group of operations, for any floating type.
#pragma once

#include <resnet/backend/ref/batch_norm.hpp>
#include <resnet/backend/ref/channels.hpp>
#include <resnet/backend/ref/conv2d.hpp>
#include <resnet/backend/ref/depthwise_conv2d.hpp>
#include <resnet/backend/ref/elementwise.hpp>
#include <resnet/backend/ref/loss.hpp>
#include <resnet/backend/ref/memory.hpp>
#include <resnet/backend/ref/parameters.hpp>
#include <resnet/backend/ref/pooling.hpp>
#include <resnet/core/backend.hpp>

namespace resnet {

template <class T>
struct Ref : RefMemory<T>,
             RefBatchNorm<T>,
             RefChannels<T>,
             RefConv2d<T>,
             RefDepthwiseConv2d<T>,
             RefElementwise<T>,
             RefLoss<T>,
             RefParameters<T>,
             RefPooling<T> {
  using RefBatchNorm<T>::run, RefChannels<T>::run, RefConv2d<T>::run, RefDepthwiseConv2d<T>::run,
      RefElementwise<T>::run, RefParameters<T>::run, RefPooling<T>::run;
  static int max_threads() { return 1; }
};

static_assert(Backend<Ref<float>> && Backend<Ref<double>>);

}  // namespace resnet
