// SPDX-License-Identifier: MIT
// A convolution whose weights don't change: packed once (backend/cpu/packed_conv2d.hpp).
#pragma once

#include <resnet/backend/cpu/cpu.hpp>
#include <resnet/backend/cpu/packed_conv2d.hpp>

#include <algorithm>
#include <memory>
#include <string>

namespace resnet::inline RESNET_ISA {

struct FreezeOptions {
  /// Convolution::direct forbids Winograd, which rounds a little differently.
  Convolution convolution = Convolution::fastest;
  /// The batch that is to be fastest, 1 or more. Algorithms are chosen for it and not by the batches that come, so that
  /// an image's result is the same bits in all of them. The default is a compromise: ResNet-18 on CIFAR images takes
  /// about a fifth longer than it could for 1 image, and a tenth for 32.
  int batch = 4;
};

namespace frozen {

class PackedConvolution {
 public:
  PackedConvolution() = default;
  /// `g`: of one image.
  PackedConvolution(CpuWork& work, const Conv2dGeometry& g, const FreezeOptions& options,
                    const float* weight,  // (out_c, kernel, kernel, in_c)
                    const float* bias)    // (out_c) or null
      : g_(g) {
    if (options.batch < 1) throw Error("freeze: expected a batch of 1 or more, found " + std::to_string(options.batch));
    Cpu::run(work, ChoosePacking{g, options.batch, options.convolution, &packing_, &size_});
    weights_ = allocate(size_);
    Cpu::run(work, PackWeights{.g = g, .packing = packing_, .weight = weight, .packed = weights_.get()});
    if (bias) {
      const auto channels = static_cast<std::size_t>(g.out_c);
      bias_ = allocate(channels);
      std::copy_n(bias, channels, bias_.get());
    }
  }

  /// y = relu(convolution of x + residual + bias) for `n` images.
  void run(CpuWork& work, int n, const float* x, const float* residual, bool relu, float* y) const {
    PackedConv2d conv{.g = g_,
                      .packing = packing_,
                      .x = x,
                      .packed = weights_.get(),
                      .bias = bias_.get(),
                      .skip = residual,
                      .activation = relu ? op::Activation::relu : op::Activation::none,
                      .y = y};
    conv.g.n = n;
    Cpu::run(work, conv);
  }

  /// Floats of the packed weights.
  std::size_t weights() const { return size_; }

 private:
  using Constant = std::shared_ptr<float>;
  static Constant allocate(std::size_t count) { return {Cpu::allocate(count), Cpu::deallocate}; }

  Conv2dGeometry g_{};
  Packing packing_ = Packing::direct;
  std::size_t size_ = 0;
  Constant weights_, bias_;
};

}  // namespace frozen

}  // namespace resnet::inline RESNET_ISA
