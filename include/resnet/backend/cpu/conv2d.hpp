// SPDX-License-Identifier: MIT
// Convolution: which algorithm serves which case, best first.
//   Winograd      F(4, 3): 3×3, stride 1, channels in whole vectors, enough tiles to pay for the transforms
//   few channels  the weights' gradient of a network's first layer
//   direct        everything
#pragma once

#include <resnet/backend/cpu/conv2d_direct.hpp>
#include <resnet/backend/cpu/conv2d_direct_weight.hpp>
#include <resnet/backend/cpu/conv2d_few_channels.hpp>
#include <resnet/backend/cpu/conv2d_winograd.hpp>
#include <resnet/backend/cpu/conv2d_winograd_weight.hpp>

namespace resnet::inline RESNET_ISA {

struct CpuConv2d {
  static void run(CpuWork& work, const op::Conv2d<float, float>& o) {
    const cpu::Epilogue epilogue{o.bias.data, o.skip.data, o.activation == op::Activation::relu};
    if (winograd(work, o.g))
      Winograd::forward(o.g).run(work, {o.weight.data}, o.x.data, epilogue, o.y.data);
    else
      direct(work, cpu::WindowSum::forward(o.g), o.weight.data, o.x.data, epilogue, o.y.data);
  }

  static void run(CpuWork& work, const op::Conv2dBackwardData<float, float>& o) {
    const cpu::Epilogue epilogue{nullptr, o.addend.data};
    if (winograd(work, o.g))
      Winograd::backward_data(o.g).run(work, {o.weight.data}, o.dy.data, epilogue, o.dx.data);
    else
      direct(work, cpu::WindowSum::backward_data(o.g), o.weight.data, o.dy.data, epilogue, o.dx.data);
  }

  static void run(CpuWork& work, const op::Conv2dBackwardWeight<float, float>& o) {
    const float *x = o.x.data, *dy = o.dy.data;
    if (winograd(work, o.g))
      cpu::WinogradWeightGradient(o.g).run(work, x, dy, o.dweight.data);
    else if (cpu::FewChannelsWeightGradient::serves(o.g))
      cpu::FewChannelsWeightGradient(o.g).run(work, x, dy, o.dweight.data);
    else
      cpu::DirectWeightGradient(o.g).run(work, x, dy, o.dweight.data);
    if (o.dbias) add_bias_gradient(o.g, dy, o.dbias.data);
  }

 private:
  using Winograd = cpu::WinogradSum<cpu::F4<cpu::SmallErrorPoints>>;

  static bool winograd(CpuWork& work, const Conv2dGeometry& g) {
    // Transforming the weights costs about what six tiles' products save, in forward and again in backward.
    constexpr int least_tiles = 12;
    return work.convolution() == ConvolutionAlgorithm::fastest && Winograd::serves(g) &&
           Winograd::forward(g).grid.tiles() >= least_tiles;
  }

  static void direct(CpuWork& work, const cpu::WindowSum& s, const float* weight, const float* from,
                     const cpu::Epilogue& epilogue, float* to) {
    const auto packed = work.scratch(cpu::PackedKernel::size(s));
    cpu::PackedKernel::pack(work, s, weight, packed.data());
    cpu::DirectSum(s, packed.data(), epilogue).run(work, from, to);
  }

  /// A cache line of channels at a time, from the first pixel to the last.
  static void add_bias_gradient(const Conv2dGeometry& g, const float* dy, float* dbias) {
    constexpr int line = 16;
    const std::ptrdiff_t pixels = std::ptrdiff_t{g.n} * g.out_h * g.out_w;
    for (int begin = 0; begin < g.out_c; begin += line) {
      const int count = std::min(line, g.out_c - begin);
      double sums[line] = {};
      for (std::ptrdiff_t p = 0; p < pixels; ++p)
        for (int o = 0; o < count; ++o) sums[o] += dy[p * g.out_c + begin + o];
      for (int o = 0; o < count; ++o) dbias[begin + o] += static_cast<float>(sums[o]);
    }
  }
};

}  // namespace resnet::inline RESNET_ISA
