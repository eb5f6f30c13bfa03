// SPDX-License-Identifier: MIT
// A convolution whose weights don't change: they are packed once, for every algorithm that will be used.
#pragma once

#include <resnet/backend/cpu/conv2d_taps.hpp>
#include <resnet/backend/cpu/cpu.hpp>

#include <limits>
#include <memory>

namespace resnet::inline RESNET_ISA::frozen {

class PackedConvolution {
 public:
  PackedConvolution() = default;
  /// `g`: of one image.
  PackedConvolution(auto& ctx, const Conv2dGeometry& g, Convolution convolution,
                    const float* weight,  // (out_c, kernel, kernel, in_c)
                    const float* bias)    // (out_c) or null
      : g_(g) {
    const int tiles = (g.out_h + 3) / 4 * ((g.out_w + 3) / 4);
    if (convolution == Convolution::fastest && Winograd::serves(g)) {
      winograd_from_ = (least_tiles + tiles - 1) / tiles;
      winograd_ = allocate(Winograd::forward(g).packed_size());
      Winograd::forward(g).pack(ctx, weight, winograd_.get());
    }
    if (winograd_from_ > 1) {
      direct_ = allocate(cpu::PackedKernel::size(cpu::WindowSum::forward(g)));
      cpu::PackedKernel::pack(ctx, cpu::WindowSum::forward(g), weight, direct_.get());
    }
    if (bias) {
      bias_ = allocate(cpu::extent(g.out_c));
      std::copy_n(bias, g.out_c, bias_.get());
    }
  }

  /// y = relu(convolution of x + bias + residual) for `n` images. `batch` decides on the algorithm: an
  /// image's result doesn't depend on how its batch is cut.
  void run(auto& ctx, int batch, int n, const float* x, const float* residual, bool relu, float* y) const {
    Conv2dGeometry g = g_;
    g.n = n;
    const cpu::Epilogue epilogue{bias_.get(), residual, relu};
    if (winograd_ && batch >= winograd_from_)
      Winograd::forward(g).run(ctx, {nullptr, winograd_.get()}, x, epilogue, y);
    else if (cpu::TapSum::serves(g))
      cpu::TapSum(g, direct_.get(), epilogue).run(ctx, x, y);
    else
      cpu::DirectSum(cpu::WindowSum::forward(g), direct_.get(), epilogue).run(ctx, x, y);
  }

  /// Floats of the packed weights that a large batch uses.
  std::size_t weights() const {
    return winograd_ ? Winograd::forward(g_).packed_size()
                     : cpu::PackedKernel::size(cpu::WindowSum::forward(g_));
  }

 private:
  using Winograd = cpu::WinogradSum<cpu::F4<cpu::SmallErrorPoints>>;
  using Constant = std::shared_ptr<float>;

  // Winograd's weights are four times as many: with fewer tiles to use them on, fetching them takes longer
  // than the multiplications that they save.
  static constexpr int least_tiles = 6;

  static Constant allocate(std::size_t count) { return {Cpu::allocate(count), Cpu::deallocate}; }

  Conv2dGeometry g_{};
  int winograd_from_ = std::numeric_limits<int>::max();  // images
  Constant bias_, direct_, winograd_;
};

}  // namespace resnet::inline RESNET_ISA::frozen
