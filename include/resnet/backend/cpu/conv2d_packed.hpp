// SPDX-License-Identifier: MIT
// The bodies of packing.hpp.
#pragma once

#include <resnet/backend/cpu/conv2d_taps.hpp>
#include <resnet/backend/cpu/conv2d_winograd.hpp>
#include <resnet/backend/cpu/packing.hpp>

namespace resnet::inline RESNET_ISA {

struct CpuPackedConv2d {
  static void run(CpuWork&, const ChoosePacking& o) {
    // Transformed weights are 4 times as many (F2: 16/9 times). With fewer tiles to use them on, fetching them takes
    // longer than the multiplications that they save.
    constexpr int least_tiles_f4 = 6, least_tiles_f2 = 16;
    const auto tiles = [&](const auto& sum) { return 1LL * o.batch * sum.grid.tiles(); };
    const bool winograd = o.allowed == ConvolutionAlgorithm::fastest;
    if (winograd && F4::serves(o.g) && tiles(F4::forward(o.g)) >= least_tiles_f4)
      *o.packing = Packing::f4, *o.size = F4::forward(o.g).packed_size();
    else if (winograd && F2::serves(o.g) && tiles(F2::forward(o.g)) >= least_tiles_f2)
      *o.packing = Packing::f2, *o.size = F2::forward(o.g).packed_size();
    else
      *o.packing = Packing::direct, *o.size = cpu::PackedKernel::size(cpu::WindowSum::forward(o.g));
  }

  static void run(CpuWork& work, const PackWeights& o) {
    if (o.packing == Packing::f4)
      F4::forward(o.g).pack(work, o.weight.data, o.packed.data);
    else if (o.packing == Packing::f2)
      F2::forward(o.g).pack(work, o.weight.data, o.packed.data);
    else
      cpu::PackedKernel::pack(work, cpu::WindowSum::forward(o.g), o.weight.data, o.packed.data);
  }

  static void run(CpuWork& work, const PackedConv2d& packed) {
    const op::Conv2d<float, float>& o = packed.conv;
    const cpu::Epilogue epilogue{o.bias.data, o.skip.data, o.activation == op::Activation::relu};
    if (packed.packing == Packing::f4)
      F4::forward(o.g).run(work, {nullptr, o.weight.data}, o.x.data, epilogue, o.y.data);
    else if (packed.packing == Packing::f2)
      F2::forward(o.g).run(work, {nullptr, o.weight.data}, o.x.data, epilogue, o.y.data);
    else if (cpu::TapSum::serves(o.g))  // the same bits as DirectSum
      cpu::TapSum(o.g, o.weight.data, epilogue).run(work, o.x.data, o.y.data);
    else
      cpu::DirectSum(cpu::WindowSum::forward(o.g), o.weight.data, epilogue).run(work, o.x.data, o.y.data);
  }

 private:
  using F4 = cpu::WinogradSum<cpu::F4<cpu::SmallErrorPoints>>;
  using F2 = cpu::WinogradSum<cpu::F2>;
};

}  // namespace resnet::inline RESNET_ISA
