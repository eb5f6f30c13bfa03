// SPDX-License-Identifier: MIT
// The list of operations.
#pragma once

#include <resnet/op/batch_norm.hpp>
#include <resnet/op/channels.hpp>
#include <resnet/op/conv2d.hpp>
#include <resnet/op/depthwise_conv2d.hpp>
#include <resnet/op/elementwise.hpp>
#include <resnet/op/layer_norm.hpp>
#include <resnet/op/loss.hpp>
#include <resnet/op/parameters.hpp>
#include <resnet/op/pooling.hpp>

namespace resnet::op {

template <class... Operations>
struct List {};

/// A: element type of activations, P: of parameters. Not here: BatchNormInfer, which is made of two of these where a
/// backend has nothing better.
template <class A, class P>
using All =
    List<BatchStatistics<A, P>, RunningStatistics<A, P>, Normalize<A, P>, NormalizeBackward<A, P>,               //
         LayerNorm<A, P>, LayerNormBackward<A, P>,                                                               //
         Conv2d<A, P>, Conv2dBackwardData<A, P>, Conv2dBackwardWeight<A, P>,                                     //
         DepthwiseConv2d<A, P>, DepthwiseConv2dBackwardData<A, P>, DepthwiseConv2dBackwardWeight<A, P>,          //
         MaxPool2d<A, P>, MaxPool2dBackward<A, P>, AvgPool2d<A, P>, AvgPool2dBackward<A, P>,                     //
         ScaleChannels<A, P>, ScaleChannelsBackward<A, P>,                                                       //
         ConcatChannels<A, P>, SliceChannels<A, P>, Transpose<A, P>,                                             //
         Add<A, P>, Relu<A, P>, ReluBackward<A, P>, Sigmoid<A, P>, SigmoidBackward<A, P>,                        //
         Silu<A, P>, SiluBackward<A, P>, Gelu<A, P>, GeluBackward<A, P>, Dropout<A, P>, DropPath<A, P>,          //
         OneHot<A, P>, SoftmaxCrossEntropy<A, P>, SoftmaxCrossEntropyBackward<A, P>, Count<A, P>, Argmax<A, P>,  //
         SgdStep<A, P>, AdamStep<A, P>, RmsPropStep<A, P>, Clamp<A, P>, Lerp<A, P>,                              //
         Fill<A, P>, Copy<A, P>, SumOfSquares<A, P>, LimitNorm<A, P>, FillNormal<A, P>, FillUniform<A, P>>;

/// What networks' inference is made of. Each of these counts images by g.n, n, rows or count, the first of them that it
/// has, writes size() elements, to y, and says which operands y may be in place of, if any (`may_overwrite`).
template <class A, class P>
using Inference = List<Conv2d<A, P>, DepthwiseConv2d<A, P>, BatchNormInfer<A, P>, LayerNorm<A, P>, MaxPool2d<A, P>,
                       AvgPool2d<A, P>, ScaleChannels<A, P>, ConcatChannels<A, P>, SliceChannels<A, P>, Transpose<A, P>,
                       Add<A, P>, Relu<A, P>, Sigmoid<A, P>, Silu<A, P>, Gelu<A, P>>;

}  // namespace resnet::op
