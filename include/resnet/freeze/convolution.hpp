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
    if (convolution == Convolution::fastest) {
      f4_.pack(ctx, g, weight, least_tiles_f4);
      if (batch_with<F2>(g, least_tiles_f2) < f4_.from) f2_.pack(ctx, g, weight, least_tiles_f2);
    }
    if (std::min(f4_.from, f2_.from) > 1) {
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
    if (f4_.serves(batch))
      F4::forward(g).run(ctx, {nullptr, f4_.weights.get()}, x, epilogue, y);
    else if (f2_.serves(batch))
      F2::forward(g).run(ctx, {nullptr, f2_.weights.get()}, x, epilogue, y);
    else if (cpu::TapSum::serves(g))
      cpu::TapSum(g, direct_.get(), epilogue).run(ctx, x, y);
    else
      cpu::DirectSum(cpu::WindowSum::forward(g), direct_.get(), epilogue).run(ctx, x, y);
  }

  /// Floats of the packed weights that a large batch uses.
  std::size_t weights() const {
    return f4_.weights ? F4::forward(g_).packed_size() : cpu::PackedKernel::size(cpu::WindowSum::forward(g_));
  }

 private:
  using F4 = cpu::WinogradSum<cpu::F4<cpu::SmallErrorPoints>>;
  using F2 = cpu::WinogradSum<cpu::F2>;
  using Constant = std::shared_ptr<float>;
  static constexpr int never = std::numeric_limits<int>::max();

  // Transformed weights are 4 times as many (F2: 16/9 times). With fewer tiles to use them on, fetching them
  // takes longer than the multiplications that they save.
  static constexpr int least_tiles_f4 = 6, least_tiles_f2 = 16;

  /// The smallest batch that has `tiles` tiles.
  template <class Sum> static int batch_with(const Conv2dGeometry& g, int tiles) {
    const int each = Sum::forward(g).grid.tiles();
    return Sum::serves(g) ? (tiles + each - 1) / each : never;
  }

  template <class Sum> struct Winograd {
    int from = never;  // images
    Constant weights;

    bool serves(int batch) const { return weights && batch >= from; }
    void pack(auto& ctx, const Conv2dGeometry& g, const float* weight, int least_tiles) {
      from = batch_with<Sum>(g, least_tiles);
      if (from == never) return;
      weights = allocate(Sum::forward(g).packed_size());
      Sum::forward(g).pack(ctx, weight, weights.get());
    }
  };

  static Constant allocate(std::size_t count) { return {Cpu::allocate(count), Cpu::deallocate}; }

  Conv2dGeometry g_{};
  Winograd<F4> f4_;
  Winograd<F2> f2_;
  Constant bias_, direct_;
};

}  // namespace resnet::inline RESNET_ISA::frozen
