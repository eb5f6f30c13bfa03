// SPDX-License-Identifier: MIT
// A convolution whose weights don't change, for inference: an algorithm is chosen and the weights are packed for it,
// once. Three operations of the Cpu backend only.
#pragma once

#include <resnet/backend/cpu/work.hpp>
#include <resnet/op/conv2d.hpp>

#include <cstddef>

namespace resnet {

/// How weights are packed, and so which algorithm reads them: direct sums, or Winograd's F(2, 3) or F(4, 3).
enum class Packing { direct, f2, f4 };

/// The packing that is best for batches of `batch` images, and how many floats it takes. The choice doesn't depend on the
/// batches that come, so that an image's result is the same bits in all of them.
struct ChoosePacking {
  Conv2dGeometry g;  // of one image
  int batch;
  ConvolutionAlgorithm allowed;
  Packing* packing;
  std::size_t* size;
};

struct PackWeights {
  Conv2dGeometry g;
  Packing packing;
  In<float> weight;   // (out_c, kernel, kernel, in_c)
  Out<float> packed;  // as many as ChoosePacking said
};

struct PackedConv2d {
  op::Conv2d<float, float> conv;  // whose weight is packed
  Packing packing;
};

}  // namespace resnet
