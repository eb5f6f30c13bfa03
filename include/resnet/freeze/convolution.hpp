// SPDX-License-Identifier: MIT
// A convolution whose weights don't change: packed once (backend/cpu/packing.hpp).
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/backend/cpu/packing.hpp>

#include <memory>
#include <string>

namespace resnet::inline RESNET_ISA {

struct FreezeOptions {
  /// ConvolutionAlgorithm::direct forbids Winograd, which rounds a little differently.
  ConvolutionAlgorithm convolution = ConvolutionAlgorithm::fastest;
  /// The batch that is to be fastest, 1 or more. Algorithms are chosen for it and not by the batches that come, so that
  /// an image's result is the same bits in all of them. The default is a compromise: ResNet-18 on CIFAR images takes
  /// about a fifth longer than it could for 1 image, and a tenth for 32.
  int batch = 4;
};

namespace frozen {

class PackedConvolution {
 public:
  PackedConvolution() = default;
  /// Of one image.
  PackedConvolution(CpuWork& work, const op::Conv2d<float, float>& conv, const FreezeOptions& options) {
    if (options.batch < 1) throw Error("freeze: expected a batch of 1 or more, found " + std::to_string(options.batch));
    Cpu::run(work, ChoosePacking{conv.g, options.batch, options.convolution, &packing_, &size_});
    weights_ = {Cpu::allocate(size_), Cpu::deallocate};
    Cpu::run(work, PackWeights{.g = conv.g, .packing = packing_, .weight = conv.weight, .packed = weights_.get()});
  }

  /// As `conv`, whose weight need not be there any more, for any number of images.
  void run(CpuWork& work, op::Conv2d<float, float> conv) const {
    conv.weight = weights_.get();
    Cpu::run(work, PackedConv2d{conv, packing_});
  }

  /// Floats of the packed weights.
  std::size_t weights() const { return size_; }

 private:
  Packing packing_ = Packing::direct;
  std::size_t size_ = 0;
  std::shared_ptr<float> weights_;
};

}  // namespace frozen

}  // namespace resnet::inline RESNET_ISA
