// SPDX-License-Identifier: MIT
// A convolution whose weights don't change: an algorithm is chosen, and the weights are packed for it, once.
#pragma once

#include <resnet/backend/cpu/conv2d_taps.hpp>
#include <resnet/backend/cpu/cpu.hpp>

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
  PackedConvolution(auto& ctx, const Conv2dGeometry& g, const FreezeOptions& options,
                    const float* weight,  // (out_c, kernel, kernel, in_c)
                    const float* bias)    // (out_c) or null
      : g_(g), algorithm_(best(g, options)) {
    size_ = algorithm_ == Algorithm::f4   ? F4::forward(g).packed_size()
            : algorithm_ == Algorithm::f2 ? F2::forward(g).packed_size()
                                          : cpu::PackedKernel::size(cpu::WindowSum::forward(g));
    weights_ = allocate(size_);
    if (algorithm_ == Algorithm::f4)
      F4::forward(g).pack(ctx, weight, weights_.get());
    else if (algorithm_ == Algorithm::f2)
      F2::forward(g).pack(ctx, weight, weights_.get());
    else
      cpu::PackedKernel::pack(ctx, cpu::WindowSum::forward(g), weight, weights_.get());
    if (bias) {
      bias_ = allocate(cpu::extent(g.out_c));
      std::copy_n(bias, g.out_c, bias_.get());
    }
  }

  /// y = relu(convolution of x + residual + bias) for `n` images.
  void run(auto& ctx, int n, const float* x, const float* residual, bool relu, float* y) const {
    Conv2dGeometry g = g_;
    g.n = n;
    const cpu::Epilogue epilogue{bias_.get(), residual, relu};
    if (algorithm_ == Algorithm::f4)
      F4::forward(g).run(ctx, {nullptr, weights_.get()}, x, epilogue, y);
    else if (algorithm_ == Algorithm::f2)
      F2::forward(g).run(ctx, {nullptr, weights_.get()}, x, epilogue, y);
    else if (cpu::TapSum::serves(g))  // the same bits as DirectSum
      cpu::TapSum(g, weights_.get(), epilogue).run(ctx, x, y);
    else
      cpu::DirectSum(cpu::WindowSum::forward(g), weights_.get(), epilogue).run(ctx, x, y);
  }

  /// Floats of the packed weights.
  std::size_t weights() const { return size_; }

 private:
  enum class Algorithm { direct, f2, f4 };
  using F4 = cpu::WinogradSum<cpu::F4<cpu::SmallErrorPoints>>;
  using F2 = cpu::WinogradSum<cpu::F2>;

  static Algorithm best(const Conv2dGeometry& g, const FreezeOptions& options) {
    if (options.batch < 1) throw Error("freeze: expected a batch of 1 or more, found " + std::to_string(options.batch));
    // Transformed weights are 4 times as many (F2: 16/9 times). With fewer tiles to use them on, fetching them
    // takes longer than the multiplications that they save.
    constexpr int least_tiles_f4 = 6, least_tiles_f2 = 16;
    const auto tiles = [&](const auto& sum) { return 1LL * options.batch * sum.grid.tiles(); };
    if (options.convolution == Convolution::direct) return Algorithm::direct;
    if (F4::serves(g) && tiles(F4::forward(g)) >= least_tiles_f4) return Algorithm::f4;
    if (F2::serves(g) && tiles(F2::forward(g)) >= least_tiles_f2) return Algorithm::f2;
    return Algorithm::direct;
  }

  using Constant = std::shared_ptr<float>;
  static Constant allocate(std::size_t count) { return {Cpu::allocate(count), Cpu::deallocate}; }

  Conv2dGeometry g_{};
  Algorithm algorithm_ = Algorithm::direct;
  std::size_t size_ = 0;
  Constant weights_, bias_;
};

}  // namespace frozen

}  // namespace resnet::inline RESNET_ISA
