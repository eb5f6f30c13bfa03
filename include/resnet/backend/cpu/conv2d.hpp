// SPDX-License-Identifier: MIT
// Convolution: which algorithm serves which case, best first.
//   Winograd      F(4, 3): 3×3, stride 1, channels in whole vectors, enough tiles to pay for the transforms
//
//   few channels  the weights' gradient of a network's first layer
//
//   direct        everything
#pragma once

#include <resnet/backend/cpu/conv2d_direct.hpp>
#include <resnet/backend/cpu/conv2d_direct_weight.hpp>
#include <resnet/backend/cpu/conv2d_few_channels.hpp>
#include <resnet/backend/cpu/conv2d_winograd.hpp>
#include <resnet/backend/cpu/conv2d_winograd_weight.hpp>

namespace resnet::inline RESNET_ISA {

struct CpuConv2d {
  static void conv2d_forward(auto& ctx, const Conv2dGeometry& g,
                             const float* x,       // (n, in_h, in_w, in_c)
                             const float* weight,  // (out_c, kernel, kernel, in_c)
                             const float* bias,    // (out_c) or null
                             float* y) {           // (n, out_h, out_w, out_c)
    const cpu::Epilogue epilogue{bias};
    if (winograd(ctx, g))
      Winograd::forward(g).run(ctx, {weight}, x, epilogue, y);
    else
      direct(ctx, cpu::WindowSum::forward(g), weight, x, epilogue, y);
  }

  static void conv2d_backward_data(auto& ctx, const Conv2dGeometry& g,
                                   const float* dy,                   // (n, out_h, out_w, out_c)
                                   const float* weight,               // (out_c, kernel, kernel, in_c)
                                   const float* addend, float* dx) {  // (n, in_h, in_w, in_c)
    const cpu::Epilogue epilogue{nullptr, addend};
    if (winograd(ctx, g))
      Winograd::backward_data(g).run(ctx, {weight}, dy, epilogue, dx);
    else
      direct(ctx, cpu::WindowSum::backward_data(g), weight, dy, epilogue, dx);
  }

  static void conv2d_backward_weight(auto& ctx, const Conv2dGeometry& g,
                                     const float* x,   // (n, in_h, in_w, in_c)
                                     const float* dy,  // (n, out_h, out_w, out_c)
                                     float* dweight,   // (out_c, kernel, kernel, in_c)
                                     float* dbias) {   // (out_c) or null
    if (winograd(ctx, g))
      cpu::WinogradWeightGradient(g).run(ctx, x, dy, dweight);
    else if (cpu::FewChannelsWeightGradient::serves(g))
      cpu::FewChannelsWeightGradient(g).run(ctx, x, dy, dweight);
    else
      cpu::DirectWeightGradient(g).run(ctx, x, dy, dweight);
    if (dbias) add_bias_gradient(g, dy, dbias);
  }

 private:
  using Winograd = cpu::WinogradSum<cpu::F4<cpu::SmallErrorPoints>>;

  static bool winograd(auto& ctx, const Conv2dGeometry& g) {
    // Transforming the weights costs about what six tiles' products save, in forward and again in backward.
    constexpr int least_tiles = 12;
    return ctx.convolution == Convolution::fastest && Winograd::serves(g) &&
           Winograd::forward(g).grid.tiles() >= least_tiles;
  }

  static void direct(auto& ctx, const cpu::WindowSum& s, const float* weight, const float* from,
                     const cpu::Epilogue& epilogue, float* to) {
    const auto packed = ctx.scratch(cpu::PackedKernel::size(s));
    cpu::PackedKernel::pack(ctx, s, weight, packed.data());
    cpu::DirectSum(s, packed.data(), epilogue).run(ctx, from, to);
  }

  static void add_bias_gradient(const Conv2dGeometry& g, const float* dy, float* dbias) {
    for (int o = 0; o < g.out_c; ++o) {
      double sum = 0;
      for (int p = 0; p < g.n * g.out_h * g.out_w; ++p)
        sum += dy[static_cast<std::ptrdiff_t>(p) * g.out_c + o];
      dbias[o] += static_cast<float>(sum);
    }
  }
};

}  // namespace resnet::inline RESNET_ISA
